/**
 * What only the whole truth of the server shows, told at a run's end: keys used twice, and messages that nobody will
 * read any more. One that a person could not read at first is asked for again, so its healing is waited for before
 * it counts as lost: on a busy machine that takes its time.
 */

import { setTimeout as delay } from 'node:timers/promises'
import type { FakeWhatsApp } from '../whatsapp/fake-whatsapp.ts'
import type { TruthSnapshot } from '../whatsapp/truth-snapshot.ts'
import type { TraceData } from '../world/trace.ts'

/** A retry receipt, the answer, and a second try take a second or two; the bot itself asks five times. */
const HEALED_WITHIN_MS = 15_000
const LOOK_MS = 250

/**
 * @returns the truth when all is healed, or the time for it is over
 * @throws Error when the server itself has failed
 */
export async function wholeTruth(whatsapp: FakeWhatsApp): Promise<TruthSnapshot> {
  const endMs = performance.now() + HEALED_WITHIN_MS
  for (;;) {
    await whatsapp.idle()
    const truth = whatsapp.truth()
    const [trouble] = truth.troubles
    if (trouble !== undefined) throw new Error(`the fake WhatsApp failed: ${trouble}`)
    if (truth.unhealedFailures === 0 || performance.now() > endMs) return truth
    await delay(LOOK_MS)
  }
}

export function tellTruth(truth: TruthSnapshot, record: (kind: string, data: TraceData) => void): void {
  for (const { firstMessageId: first, secondMessageId: second } of truth.keyReuses)
    record('wa.counter-reused', { isSameText: false, first, second })
  for (const { id, error, healedAtMs } of truth.failures)
    if (healedAtMs === undefined) record('wa.lost', { id, reason: error })
}
