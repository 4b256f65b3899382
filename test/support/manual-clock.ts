/**
 * A clock that tests move by hand: `advance` fires due timers in order and lets promise chains settle in
 * between. For unit tests of one component; whole worlds use the lab's scheduler.
 */

import type { Clock, Timer } from '../../src/ports/clock.ts'

interface ManualTimer {
  readonly label: string
  readonly dueMs: number
  readonly order: number
  readonly callback: () => void
}

export class ManualClock implements Clock {
  #monotonicMs = 0
  #wallOffsetMs: number
  #order = 0
  #timers: ManualTimer[] = []

  constructor(startMs = 1_700_000_000_000) {
    this.#wallOffsetMs = startMs
  }

  nowMs(): number {
    return this.#monotonicMs + this.#wallOffsetMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  setTimer(label: string, delayMs: number, callback: () => void): Timer {
    const timer = { label, dueMs: this.#monotonicMs + delayMs, order: this.#order++, callback }
    this.#timers.push(timer)
    return { cancel: () => (this.#timers = this.#timers.filter((other) => other !== timer)) }
  }

  /** Moves the wall clock alone, as NTP or an operator does. */
  stepWallMs(byMs: number): void {
    this.#wallOffsetMs += byMs
  }

  /** Labels of the timers that are set, soonest first: the leak check of a test. */
  pendingLabels(): string[] {
    return this.#sorted().map((timer) => timer.label)
  }

  /** Lets `durationMs` pass, firing timers in order; settles promises before, between and after. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#monotonicMs + durationMs
    await settle()
    for (let next = this.#sorted()[0]; next !== undefined && next.dueMs <= endMs; next = this.#sorted()[0]) {
      this.#monotonicMs = Math.max(this.#monotonicMs, next.dueMs)
      this.#timers = this.#timers.filter((other) => other !== next)
      next.callback()
      await settle()
    }
    this.#monotonicMs = endMs
  }

  #sorted(): ManualTimer[] {
    return this.#timers.toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order)
  }
}

/** One turn of the event loop: every promise chain that can run has run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
