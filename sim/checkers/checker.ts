/**
 * What every checker is: it listens to the trace and says where its claim broke. It never steers, and it
 * knows only what the trace shows, so the same checker can judge any bot.
 */

import type { TraceEvent } from '../world/trace.ts'
import type { AlwaysClaim, Violation } from './claim.ts'

/** What a checker may know beforehand: the bounds that the scenario's settings declare. */
export interface CheckerContext {
  readonly quotaBytes: number
  readonly cleanupPercent: number
  readonly emergencyPercent: number
  readonly attemptWindowMs: number
  readonly maxAttemptsPerWindow: number
  readonly backoffBaseMs: number
  readonly backoffCapMs: number
  readonly conflictBaseMs: number
  readonly stableUptimeMs: number
  /** Quick attempts in a row; after them the bot probes. */
  readonly maxRetries: number
  readonly probeIntervalMs: number
  /** A bot silent for so long hangs; it beats at this interval. */
  readonly botStallMs: number
  readonly heartbeatIntervalMs: number
  readonly restartBaseMs: number
  readonly restartCapMs: number
  readonly restartWindowMs: number
  readonly maxStartsPerWindow: number
  /** Silence of the phone that is warned of; undefined: none is. */
  readonly phoneUnseenMs: number | undefined
  /** Largest error of a dyno's clock against the world's, ms: what a window may be off by. */
  readonly maxSkewMs: number
}

export abstract class Checker {
  readonly claim: AlwaysClaim
  readonly #violations: Violation[] = []
  #suppressed = 0

  constructor(claim: AlwaysClaim) {
    this.claim = claim
  }

  abstract observe(event: TraceEvent): void

  /** The run is over. */
  finish(_atMs: number): void {
    // Most checkers have said all by now.
  }

  /** How often the claim broke so far. */
  get breaches(): number {
    return this.#violations.length + this.#suppressed
  }

  /** First breaches first; of very many only the first ones, and a count of the rest. */
  violations(): readonly Violation[] {
    const last = this.#violations.at(-1)
    if (this.#suppressed === 0 || last === undefined) return this.#violations
    return [...this.#violations, { ...last, message: `… and ${this.#suppressed} more like it` }]
  }

  protected broken(atMs: number, message: string): void {
    if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push({ claim: this.claim, atMs, message })
    else this.#suppressed += 1
  }
}

const MAX_VIOLATIONS = 5
