/** The one timer of the connection: set for what the present state waits for, and for nothing else. */

import type { Clock, Timer } from '../ports/clock.ts'
import type { StateTimer } from './connection-state.ts'

export class StateTimerSlot {
  readonly #clock: Clock
  readonly #onDue: () => void
  #timer: Timer | undefined
  #setFor: StateTimer | undefined

  constructor(deps: { readonly clock: Clock; onDue(): void }) {
    this.#clock = deps.clock
    this.#onDue = () => deps.onDue()
  }

  /** Leaves the timer alone when it is set for this already; after it fired, sets it again. */
  set(wanted: StateTimer | undefined): void {
    if (wanted?.label === this.#setFor?.label && wanted?.dueMs === this.#setFor?.dueMs) return
    this.#timer?.cancel()
    this.#setFor = wanted
    if (wanted === undefined) return
    const delayMs = Math.max(0, wanted.dueMs - this.#clock.monotonicMs())
    this.#timer = this.#clock.setTimer(wanted.label, delayMs, () => {
      this.#setFor = undefined
      this.#onDue()
    })
  }
}
