/**
 * What a run's interruptions amount to in a week. The run is taken for one day of faults, seven of them for a week, and
 * the hours between for what they were in the run between two faults: quiet. That is an extrapolation; what is measured
 * is the time without a connection in the run, and how long a person waited after each restart. Pure.
 */

import { metricReader } from './comparison.ts'
import type { Measurements } from './measurements.ts'
import { median } from './median.ts'
import { percentile } from './metrics.ts'

export interface ServiceLevel {
  readonly runs: number
  /** Time without a logged-in connection in a run, ms. */
  readonly downtimeMs: { readonly median: number; readonly worst: number }
  /** Of 10,080, if each day brings what one run brings. */
  readonly openMinutesAWeek: { readonly median: number; readonly worst: number }
  /** Over the restarts of all runs, those of memory or a crash included; undefined when none was answered. */
  readonly firstReply: { readonly p50Ms: number; readonly p99Ms: number } | undefined
  readonly restarts: number
  /** Of them: nobody was answered before the next restart or the run's end. */
  readonly unanswered: number
}

const WEEK_MINUTES = 7 * 24 * 60
const DAYS = 7
const MINUTE_MS = 60_000

const downtimeOf = metricReader('downtime')

/** Undefined when no run measured connections. */
export function serviceLevel(runs: readonly Measurements[]): ServiceLevel | undefined {
  const downtimes = runs.flatMap((run) => downtimeOf(run) ?? [])
  if (downtimes.length === 0) return undefined
  const middle = median(downtimes)
  const worst = Math.max(...downtimes)
  const restarts = runs.flatMap((run) => run.restarts ?? [])
  const waits = restarts.flatMap(({ firstReplyMs }) => firstReplyMs ?? [])
  const [p50Ms, p99Ms] = [percentile(waits, 0.5), percentile(waits, 0.99)]
  return {
    runs: downtimes.length,
    downtimeMs: { median: middle, worst },
    openMinutesAWeek: { median: openMinutes(middle), worst: openMinutes(worst) },
    firstReply: p50Ms === undefined || p99Ms === undefined ? undefined : { p50Ms, p99Ms },
    restarts: restarts.length,
    unanswered: restarts.length - waits.length,
  }
}

function openMinutes(downtimeMs: number): number {
  return Math.max(0, WEEK_MINUTES - (DAYS * downtimeMs) / MINUTE_MS)
}
