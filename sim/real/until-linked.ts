/** The time before a run whose target has to be linked first: until it is connected, or it is known why that cannot be. */

import { setTimeout as delay } from 'node:timers/promises'
import type { TargetTrouble } from '../targets/real/target-troubles.ts'

const LINKED_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 500

export interface Linking {
  /** Of the target. */
  readonly name: string
  /** A connection is logged in and has been given what waited. */
  isOpen(): boolean
  /** What is wrong with it so far. */
  troubles(): readonly TargetTrouble[]
}

/** @throws Error with what is known of the reason */
export async function untilLinked(target: Linking): Promise<void> {
  const endMs = performance.now() + LINKED_WITHIN_MS
  while (!target.isOpen()) {
    const fatal = target.troubles().find(({ isFatal }) => isFatal)
    if (fatal !== undefined) throw new Error(fatal.message)
    if (performance.now() > endMs) {
      throw new Error(`${target.name} was not linked within ${LINKED_WITHIN_MS / 1_000} s`)
    }
    await delay(LOOK_EVERY_MS)
  }
}
