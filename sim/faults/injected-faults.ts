/** The faults of one run on its time line, and whether each one really struck: one that never did proves nothing. */

import type { PrngStream } from '../world/prng.ts'

interface TimedFault {
  readonly kind: string
  readonly atMs: number
  readonly jitterMs: number
}

export class InjectedFaults<AnyFault extends TimedFault> {
  readonly #injected: { readonly fault: AnyFault; hasStruck(): boolean }[] = []

  /**
   * Draws each fault's jitter, one draw a fault, so that each seed strikes at another moment.
   * @param scheduleOne puts one on the time line; its answer tells later whether it struck
   */
  schedule(
    faults: readonly AnyFault[],
    stream: PrngStream,
    scheduleOne: (fault: AnyFault, delayMs: number) => () => boolean,
  ): void {
    for (const fault of faults) {
      const delayMs = fault.atMs + stream.integer(0, fault.jitterMs)
      this.#injected.push({ fault, hasStruck: scheduleOne(fault, delayMs) })
    }
  }

  /** Faults that never took effect, as text. */
  unstruck(): string[] {
    return this.#injected
      .filter((each) => !each.hasStruck())
      .map(({ fault }) => `fault ${fault.kind} at ${fault.atMs} ms never struck`)
  }
}
