/**
 * How quickly a dyno's memory grows in the long run, by what is left after a collection: a clean bot's garbage climbs
 * for a quarter of an hour and more before V8 collects it, and would look like a leak. The first minutes of each set
 * of processes do not count, as caches and compiled code fill meanwhile. Pure.
 */

import { trendOf } from './trend.ts'
import type { Point } from './trend.ts'
import type { CollectedSample } from './measurements.ts'
import type { Measured } from './metrics.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export interface SlopeRules {
  /** Of each set of processes, from its first sample on. */
  readonly warmUpMs: number
  /** Fewer allow no bounds. */
  readonly minPoints: number
}

/** Half an hour: what V8 holds for a clean bot's code grew by 3 MB/h in its first 30 min, by 1 MB/h in the next 30. */
export const SLOPE_RULES: SlopeRules = { warmUpMs: 30 * MINUTE_MS, minPoints: 8 }

/** Bytes an hour; in words why not, where there is none. @param bytesOf null: not told for this sample */
export function estimateSlope(
  samples: readonly CollectedSample[],
  bytesOf: (sample: CollectedSample) => number | null,
  rules: SlopeRules = SLOPE_RULES,
): Measured {
  if (samples.length === 0) return 'no process let its garbage be collected'
  const told = samples.flatMap((sample) => {
    const bytes = bytesOf(sample)
    return bytes === null ? [] : [{ life: sample.life, atMs: sample.atMs, bytes }]
  })
  if (told.length === 0) return 'the system does not tell anonymous memory apart'
  const runs = [...Map.groupBy(told, ({ life }) => life).values()].map((life) => afterWarmUp(life, rules))
  const most = runs.reduce((longest, run) => (run.length > longest.length ? run : longest), [])
  const trend = trendOf(runs)
  if (most.length < rules.minPoints || trend === undefined) return tooShort(samples, rules)
  const usableMs = runs.reduce((sum, run) => sum + spanMs(run), 0)
  const reach = Math.max(trend.high - trend.slope, trend.slope - trend.low)
  return {
    value: trend.slope,
    low: trend.low,
    high: trend.high,
    minutesToTell: (distance) => minutesNeeded({ usableMs, reach, distance, warmUpMs: rules.warmUpMs }),
  }
}

interface ToldSample {
  readonly atMs: number
  readonly bytes: number
}

/** Bytes by hours. */
function afterWarmUp(samples: readonly ToldSample[], { warmUpMs }: SlopeRules): Point[] {
  const startMs = (samples[0]?.atMs ?? 0) + warmUpMs
  return samples
    .filter(({ atMs }) => atMs >= startMs)
    .map(({ atMs, bytes }) => ({ at: atMs / HOUR_MS, value: bytes }))
}

function spanMs(points: readonly Point[]): number {
  return ((points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0)) * HOUR_MS
}

function tooShort(samples: readonly CollectedSample[], { warmUpMs, minPoints }: SlopeRules): string {
  const [first, second] = samples
  const everyMs = (second?.atMs ?? Infinity) - (first?.atMs ?? 0)
  const needed = Number.isFinite(everyMs)
    ? ` ${Math.ceil((warmUpMs + minPoints * everyMs) / MINUTE_MS)} min`
    : ''
  return `a slope needs processes that live longer${needed === '' ? '' : `, for${needed}`}; the first ${warmUpMs / MINUTE_MS} min do not count`
}

/** The reach of the bounds falls with the 1.5th power of time: with time itself, and with the root of the points. */
function minutesNeeded(given: {
  readonly usableMs: number
  readonly reach: number
  readonly distance: number
  readonly warmUpMs: number
}): number {
  const { usableMs, reach, distance, warmUpMs } = given
  // Bounds without an end come from very few points: at least twice as many are needed.
  const factor = Number.isFinite(reach) ? (reach / distance) ** (2 / 3) : 2
  return (warmUpMs + usableMs * Math.max(1, factor)) / MINUTE_MS
}
