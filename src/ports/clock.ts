/**
 * Time, as the bot sees it. Two readings: the wall clock, which may step and differs between dynos,
 * and the monotonic one, which only ever grows and is the one to measure durations with.
 */

export interface Timer {
  /** Harmless when called twice or after the timer fired. */
  cancel(): void
}

export interface Clock {
  /** Wall-clock time, ms since 1970. May jump either way. */
  nowMs(): number
  /** Monotonic time in ms from an arbitrary start. */
  monotonicMs(): number
  /** Calls back once, `delayMs` (≥ 0) from now. `label` names the timer in traces and leak reports. */
  setTimer(label: string, delayMs: number, callback: () => void): Timer
}
