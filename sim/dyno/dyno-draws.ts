/** Everything a dyno leaves to chance, drawn from streams that the caller names. Whole ms throughout. */

import type { PrngStream } from '../world/prng.ts'
import type { HerokuRules } from './heroku-rules.ts'

/** How wrong the clocks of a scenario's dynos may be. */
export interface ClockErrors {
  readonly maxSkewMs: number
  readonly maxDriftPpm: number
}

/** From a dyno's boot to its daily restart. */
export function drawCycleMs(
  rules: Pick<HerokuRules, 'cycleMs' | 'cycleExtraMaxMs'>,
  stream: PrngStream,
): number {
  return rules.cycleMs + stream.integer(0, rules.cycleExtraMaxMs)
}

/** To a dyno's first memory sample: Heroku's cadence knows nothing of the boot, so the phase is free. */
export function drawFirstSampleMs(rules: Pick<HerokuRules, 'sampleMs'>, stream: PrngStream): number {
  return stream.integer(1, rules.sampleMs)
}

export function drawSampleGapMs(
  rules: Pick<HerokuRules, 'sampleMs' | 'sampleJitterMs'>,
  stream: PrngStream,
): number {
  return rules.sampleMs + stream.integer(-rules.sampleJitterMs, rules.sampleJitterMs)
}

/** When a second SIGTERM follows the first one; undefined: none does. */
export function drawRepeatedSigtermMs(
  rules: Pick<HerokuRules, 'repeatedSigtermChance' | 'repeatedSigtermMaxMs'>,
  stream: PrngStream,
): number | undefined {
  if (!stream.chance(rules.repeatedSigtermChance)) return undefined
  return stream.integer(1, rules.repeatedSigtermMaxMs)
}

export function drawClockErrors(
  errors: ClockErrors,
  stream: PrngStream,
): { readonly skewMs: number; readonly driftPpm: number } {
  const skewMs = stream.integer(-errors.maxSkewMs, errors.maxSkewMs)
  return { skewMs, driftPpm: stream.between(-errors.maxDriftPpm, errors.maxDriftPpm) }
}
