/** Who is accused of a leak, and whose leak is found, by recorded noise: the figures of docs/bounds.md. */

import type { MemorySeries } from '../bot/memory-series.ts'
import { verdictRates } from './rates.ts'
import type { VerdictRates } from './rates.ts'
import { noiseOf } from './simulated-series.ts'
import { SLOPE_RULES } from '../../sim/assertions/memory-slope.ts'

export interface SlopeRate {
  readonly metric: 'heap-slope' | 'rss-slope'
  /** The recorded clean bot. */
  readonly bot: string
  /** Its own recorded slope after the warm-up, which is not part of the simulated runs. */
  readonly cleanMbPerHour: number
  readonly leakMbPerHour: number
  readonly limitMbPerHour: number
  readonly minutes: number
  readonly verdicts: VerdictRates
}

const MB_BYTES = 1_048_576
const LIMIT_MB_PER_HOUR = 1
const LEAKS_MB_PER_HOUR = [0, 2] as const
/** As long as it takes; shorter, most runs are undecided. */
export const SLOPE_RUNS = [
  { metric: 'heap-slope', minutes: 60 },
  { metric: 'heap-slope', minutes: 90 },
  { metric: 'rss-slope', minutes: 240 },
] as const
export const MEASURES = { 'heap-slope': 'leftLiveBytes', 'rss-slope': 'leftAnonBytes' } as const

export interface SlopeRatePlan {
  readonly metric: SlopeRate['metric']
  readonly minutes: number
  readonly trials: number
}

/** For each clean series: without a leak, and with one of 2 MB/h, against the bound `<1MB/h`. */
export function slopeRates(series: readonly MemorySeries[], plan: SlopeRatePlan): SlopeRate[] {
  const { metric, minutes, trials } = plan
  const clean = series.filter(({ leakMbPerHour }) => leakMbPerHour === 0)
  return clean.flatMap((each) => {
    const warmPoints = SLOPE_RULES.warmUpMs / each.everyMs
    const noise = noiseOf({ everyMs: each.everyMs, bytes: each[MEASURES[metric]].slice(warmPoints) })
    return LEAKS_MB_PER_HOUR.map((leakMbPerHour) => ({
      metric,
      bot: each.name,
      cleanMbPerHour: noise.bytesPerHour / MB_BYTES,
      leakMbPerHour,
      limitMbPerHour: LIMIT_MB_PER_HOUR,
      minutes,
      verdicts: verdictRates({
        noise,
        minutes,
        leakBytesPerHour: leakMbPerHour * MB_BYTES,
        limitBytesPerHour: LIMIT_MB_PER_HOUR * MB_BYTES,
        trials,
        seed: `${metric}/${each.name}/${leakMbPerHour}/${minutes}`,
      }),
    }))
  })
}
