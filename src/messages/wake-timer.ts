/**
 * At most one timer for everything its owner waits for. An earlier timer is left standing when the wait grows
 * longer: it wakes the owner too early, who then asks again. That is cheaper than a new timer for each change.
 */

import type { Clock, Timer } from '../ports/clock.ts'

export class WakeTimer {
  readonly #clock: Clock
  readonly #label: string
  readonly #onWake: () => void
  #pending: { readonly dueMs: number; readonly timer: Timer } | undefined

  constructor(clock: Clock, label: string, onWake: () => void) {
    this.#clock = clock
    this.#label = label
    this.#onWake = onWake
  }

  /** Wakes the owner at `dueMs` (monotonic) or sooner; `undefined` means that there is nothing to wait for. */
  set(dueMs: number | undefined): void {
    if (dueMs !== undefined && this.#pending !== undefined && this.#pending.dueMs <= dueMs) return
    this.#pending?.timer.cancel()
    this.#pending = undefined
    if (dueMs === undefined) return
    const delayMs = Math.max(0, dueMs - this.#clock.monotonicMs())
    const timer = this.#clock.setTimer(this.#label, delayMs, () => {
      this.#pending = undefined
      this.#onWake()
    })
    this.#pending = { dueMs, timer }
  }
}
