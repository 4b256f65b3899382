/** How often a clean bot is accused, and a leak found, by length of the run: many simulated runs, each by its seed. */

import { estimateSlope } from '../../sim/assertions/memory-slope.ts'
import { compare } from '../../sim/assertions/judge.ts'
import type { AssertionVerdict } from '../../sim/assertions/judge.ts'
import { PrngStreams } from '../../sim/world/prng.ts'
import { rateOf } from '../rate-bounds.ts'
import type { Rate } from '../rate-bounds.ts'
import { simulateSeries } from './simulated-series.ts'
import type { Noise } from './simulated-series.ts'

export interface RatePlan {
  readonly noise: Noise
  readonly minutes: number
  readonly leakBytesPerHour: number
  /** The bound is `< limit`. */
  readonly limitBytesPerHour: number
  readonly trials: number
  /** Names the series of seeds. */
  readonly seed: string
}

export type VerdictRates = Readonly<Record<AssertionVerdict, Rate>>

export function verdictRates(plan: RatePlan): VerdictRates {
  const counts = { holds: 0, broken: 0, undecided: 0 }
  for (let trial = 0; trial < plan.trials; trial += 1) counts[verdictOf(plan, trial)] += 1
  return {
    holds: rateOf(counts.holds, plan.trials),
    broken: rateOf(counts.broken, plan.trials),
    undecided: rateOf(counts.undecided, plan.trials),
  }
}

function verdictOf(plan: RatePlan, trial: number): AssertionVerdict {
  const { noise, minutes, leakBytesPerHour, limitBytesPerHour, seed } = plan
  const stream = new PrngStreams(`${seed}/${trial}`).stream('noise')
  const samples = simulateSeries(noise, { minutes, leakBytesPerHour, stream })
  const measured = estimateSlope(samples, ({ anonBytes }) => anonBytes)
  return typeof measured === 'string' ? 'undecided' : compare(measured, '<', limitBytesPerHour)
}
