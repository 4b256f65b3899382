/** Lets a checker listen to a few events and gives back what it found, as `ms message`. */

import type { Checker, CheckerContext } from '../../../../sim/checkers/checker.ts'
import type { TraceData, TraceEvent } from '../../../../sim/world/trace.ts'

/** At a moment, what happened, with which data, and by whom (`world` unless it matters). */
export type Told = readonly [atMs: number, kind: string, data?: TraceData, source?: string]

export function eventOf([atMs, kind, data = {}, source = 'world']: Told): TraceEvent {
  return { atMs, source, kind, data }
}

/** @param endMs when the run is over; the moment of the last event unless it matters */
export function judged(checker: Checker, told: readonly Told[], endMs = told.at(-1)?.[0] ?? 0): string[] {
  for (const each of told) checker.observe(eventOf(each))
  checker.finish(endMs)
  return checker.violations().map(({ atMs, message }) => `${atMs} ${message}`)
}

/** Round numbers: a base of 2 s, a cap of 5 min, 3 quick attempts, then a probe in 15 min; a phone silent for 10 h. */
export const CONTEXT: CheckerContext = {
  quotaBytes: 1_000,
  cleanupPercent: 70,
  emergencyPercent: 85,
  attemptWindowMs: 600_000,
  maxAttemptsPerWindow: 3,
  backoffBaseMs: 2_000,
  backoffCapMs: 300_000,
  conflictBaseMs: 30_000,
  stableUptimeMs: 120_000,
  maxRetries: 3,
  probeIntervalMs: 900_000,
  botStallMs: 30_000,
  heartbeatIntervalMs: 5_000,
  restartBaseMs: 2_000,
  restartCapMs: 120_000,
  restartWindowMs: 600_000,
  maxStartsPerWindow: 3,
  phoneUnseenMs: 36_000_000,
  maxSkewMs: 0,
}
