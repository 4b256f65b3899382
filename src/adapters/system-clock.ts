/**
 * The machine's time. Surprising: Node's timers turn a delay above 2^31 - 1 ms (24.8 days) into 1 ms, so
 * longer ones are chained.
 */

import type { Clock, Timer } from '../ports/clock.ts'

const MAX_DELAY_MS = 2 ** 31 - 1

export class SystemClock implements Clock {
  nowMs(): number {
    return Date.now()
  }

  monotonicMs(): number {
    return performance.now()
  }

  setTimer(_label: string, delayMs: number, callback: () => void): Timer {
    let handle: NodeJS.Timeout
    const arm = (leftMs: number): void => {
      if (leftMs <= MAX_DELAY_MS) handle = setTimeout(callback, leftMs)
      else handle = setTimeout(() => arm(leftMs - MAX_DELAY_MS), MAX_DELAY_MS)
    }
    arm(delayMs)
    return { cancel: () => clearTimeout(handle) }
  }
}
