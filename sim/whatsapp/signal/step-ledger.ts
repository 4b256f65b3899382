/**
 * Watches the ratchet: which chain and counter each ciphertext of a client used. One chain and counter under two
 * different ciphertexts is a key used twice, which Signal forbids and a bot does that restores old keys. It
 * looks only at what travels in the clear, so it sees also what nobody could decrypt.
 */

import { createHash } from 'node:crypto'
import { SenderKeyMessage } from '@whiskeysockets/baileys/lib/Signal/Group/index.js'
import { readPreKeyMessage, readWhisperMessage } from './libsignal-internals.ts'

/** Enough for any test; beyond it the oldest steps are forgotten, and their reuse would not be seen. */
const KEPT_STEPS = 300_000

export interface Step {
  readonly kind: 'group' | 'direct'
  /** Sender, and group or receiving device: who shares the key. */
  readonly between: string
  readonly chain: string
  readonly counter: number
}

export interface ReuseTruth extends Step {
  readonly firstMessageId: string
  readonly secondMessageId: string
  readonly atMs: number
}

interface Seen {
  readonly digest: string
  readonly messageId: string
}

export class StepLedger {
  readonly reuses: ReuseTruth[] = []
  readonly #seen = new Map<string, Seen>()
  #count = 0

  /** How many different steps were seen. */
  get size(): number {
    return this.#count
  }

  note(step: Step, ciphertext: Uint8Array, messageId: string): void {
    const key = `${step.between}/${step.chain}/${step.counter}`
    const digest = createHash('sha256').update(ciphertext).digest('base64')
    const seen = this.#seen.get(key)
    if (seen === undefined) {
      this.#count += 1
      this.#seen.set(key, { digest, messageId })
      const oldest = this.#seen.size > KEPT_STEPS ? this.#seen.keys().next().value : undefined
      if (oldest !== undefined) this.#seen.delete(oldest)
      return
    }
    // The same bytes again are a stanza delivered twice, not a key used twice.
    if (seen.digest === digest) return
    this.reuses.push({
      ...step,
      firstMessageId: seen.messageId,
      secondMessageId: messageId,
      atMs: Date.now(),
    })
  }
}

/** The step of a `pkmsg`, `msg` or `skmsg`; undefined when it cannot be read. */
export function stepOf(type: string | undefined, ciphertext: Uint8Array, between: string): Step | undefined {
  try {
    if (type === 'skmsg') return groupStep(ciphertext, between)
    const whisper = type === 'pkmsg' ? readPreKeyMessage(ciphertext).message : ciphertext
    const { ephemeralKey, counter } = readWhisperMessage(whisper)
    if (ephemeralKey.length === 0) return undefined
    return { kind: 'direct', between, chain: Buffer.from(ephemeralKey).toString('base64'), counter }
  } catch {
    // Garbage has no step; whoever receives it will say that it cannot be read.
    return undefined
  }
}

function groupStep(ciphertext: Uint8Array, between: string): Step | undefined {
  const message = new SenderKeyMessage(null, null, null, null, ciphertext)
  // Garbage may parse, with nothing in it.
  const keyId = message.getKeyId() as number | undefined
  const counter = message.getIteration() as number | undefined
  if (keyId === undefined || counter === undefined) return undefined
  return { kind: 'group', between, chain: String(keyId), counter }
}
