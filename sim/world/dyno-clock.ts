/**
 * One dyno's clock: skewed and drifting against the world's, and stepped by faults. The monotonic reading
 * drifts but never steps; the wall reading does both. Readings are whole milliseconds, as Node's Date is.
 */

/** The wall clock of an exact dyno when a world begins: 2026-01-01T00:00:00Z. */
export const WORLD_EPOCH_MS = Date.UTC(2026, 0, 1)

export class DynoClock {
  readonly #bootedAtMs: number
  readonly #rate: number
  #offsetMs: number

  /**
   * @param bootedAtMs world time of the boot
   * @param skewMs wall clock's error at boot
   * @param driftPpm how many parts in a million the clock runs too fast (negative: too slow)
   */
  constructor(options: { bootedAtMs: number; skewMs: number; driftPpm: number }) {
    this.#bootedAtMs = options.bootedAtMs
    this.#offsetMs = options.skewMs
    this.#rate = 1 + options.driftPpm / 1_000_000
  }

  monotonicMs(worldMs: number): number {
    return Math.floor((worldMs - this.#bootedAtMs) * this.#rate)
  }

  wallMs(worldMs: number): number {
    return WORLD_EPOCH_MS + this.#bootedAtMs + this.monotonicMs(worldMs) + this.#offsetMs
  }

  /** How long the world waits while this clock counts `delayMs`; rounded up, so a timer is never early. */
  worldDelayMs(delayMs: number): number {
    return Math.ceil(delayMs / this.#rate)
  }

  stepMs(byMs: number): void {
    this.#offsetMs += byMs
  }
}
