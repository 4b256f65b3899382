/**
 * How quickly a dyno's memory grows in the long run. Start-up and saw-teeth of garbage must not accuse a clean bot:
 * the first minutes of each boot do not count, and of each few minutes only the least memory does, which is what
 * a collection leaves. Anonymous memory is judged where it is told, as Pss moves with other processes' pages.
 */

import { trendOf } from './trend.ts'
import type { Point } from './trend.ts'
import type { MemorySample } from './measurements.ts'
import type { Measured } from './metrics.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export interface SlopeRules {
  /** Of each boot; the dyno's caches and V8's code fill meanwhile. */
  readonly warmUpMs: number
  /** Longer than most gaps between two large collections. */
  readonly windowMs: number
  /** Fewer windows allow no bound at all. */
  readonly minWindows: number
}

export const SLOPE_RULES: SlopeRules = { warmUpMs: 15 * MINUTE_MS, windowMs: 4 * MINUTE_MS, minWindows: 6 }

/** Bytes an hour; in words why not, when the run is too short for any. */
export function estimateMemorySlope(
  samples: readonly MemorySample[],
  rules: SlopeRules = SLOPE_RULES,
): Measured {
  const runs = [...Map.groupBy(samples, ({ boot }) => boot).values()].map((boot) => windowMinima(boot, rules))
  const most = Math.max(0, ...runs.map(({ length }) => length))
  const trend = trendOf(runs)
  if (most < rules.minWindows || trend === undefined) {
    const neededMs = rules.warmUpMs + rules.minWindows * rules.windowMs
    return `a slope needs a dyno that is up for ${neededMs / MINUTE_MS} min, of which the first ${rules.warmUpMs / MINUTE_MS} do not count`
  }
  const usableMs = runs.reduce((sum, { length }) => sum + length * rules.windowMs, 0)
  const reach = Math.max(trend.high - trend.slope, trend.slope - trend.low)
  return {
    value: trend.slope,
    low: trend.low,
    high: trend.high,
    minutesToTell: (distance) => minutesNeeded({ usableMs, reach, distance, warmUpMs: rules.warmUpMs }),
  }
}

/** The least of each whole window after the warm-up, bytes by hours. */
function windowMinima(samples: readonly MemorySample[], { warmUpMs, windowMs }: SlopeRules): Point[] {
  const startMs = (samples[0]?.atMs ?? 0) + warmUpMs
  const endMs = samples.at(-1)?.atMs ?? 0
  const isAnonTold = samples.every(({ anonBytes }) => anonBytes !== null)
  const bytesOf = ({ anonBytes, usedBytes }: MemorySample): number =>
    isAnonTold ? (anonBytes ?? 0) : usedBytes
  const windows = Map.groupBy(
    samples.filter(({ atMs }) => atMs >= startMs),
    ({ atMs }) => Math.floor((atMs - startMs) / windowMs),
  )
  return [...windows]
    .filter(([window]) => startMs + (window + 1) * windowMs <= endMs + windowMs / 4)
    .map(([window, inside]) => ({
      at: (startMs + (window + 0.5) * windowMs) / HOUR_MS,
      value: Math.min(...inside.map(bytesOf)),
    }))
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
