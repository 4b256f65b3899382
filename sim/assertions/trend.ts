/**
 * The trend of a noisy series, with 95 % bounds: Theil and Sen's median of all pairwise slopes, which a few wild points
 * cannot move, and around it the error of a regression, widened because neighbouring points are alike. Several runs of
 * points (sets of processes) are taken together; no slope is taken from one to another. Pure.
 */

import { median } from './median.ts'

export interface Point {
  readonly at: number
  readonly value: number
}

export interface Trend {
  readonly slope: number
  /** ±Infinity where so few points allow no bound. */
  readonly low: number
  readonly high: number
}

/** With more alikeness than this the estimate of it is worth nothing. */
const MAX_CORRELATION = 0.95
/**
 * How much too small the alikeness of a detrended series looks, in n-ths, for the trend and for each run's own level: by
 * theory 1 + ρ and 1 + 3ρ; 2 + ρ chosen for the trend, with which simulated noise of ρ up to 0.8 is outside the bounds
 * in 0 to 9 %, in one long run as in many short ones, and a random walk in 12 to 15 %.
 */
const TREND_BIAS = { constant: 2, slope: 1 }
const LEVEL_BIAS = { constant: 1, slope: 3 }
/** Where runs are so short that less of their alikeness is left, more would be guessed than seen. */
const MIN_SHARE_LEFT = 0.2
/** So few points that are worth anything, and Student's factor is 4.3. */
const MIN_FREEDOM = 2

/** Undefined when no run has two points at different times. */
export function trendOf(series: readonly (readonly Point[])[]): Trend | undefined {
  // A single point is its run's level, and tells neither trend nor noise.
  const runs = series.filter((points) => points.length > 1)
  const slopes = runs.flatMap(pairwiseSlopes)
  if (slopes.length === 0) return undefined
  const slope = median(slopes)
  const reach = reachOf(runs, slope)
  return { slope, low: slope - reach, high: slope + reach }
}

function pairwiseSlopes(points: readonly Point[]): number[] {
  return points.flatMap((later, index) =>
    points
      .slice(0, index)
      .filter((earlier) => earlier.at !== later.at)
      .map((earlier) => (later.value - earlier.value) / (later.at - earlier.at)),
  )
}

/** Half of the width of the bounds. */
function reachOf(runs: readonly (readonly Point[])[], slope: number): number {
  const rests = runs.map((points) => restsOf(points, slope))
  const count = rests.flat().length
  const squares = sum(rests.flat().map((rest) => rest ** 2))
  if (squares === 0) return 0
  // What the trend and each run's own level have not used up.
  const left = count - runs.length - 1
  if (left <= MIN_FREEDOM) return Infinity
  const correlation = neighbourCorrelation(rests, squares, count)
  const alikeness = (1 + correlation) / (1 - correlation)
  const freedom = Math.max(MIN_FREEDOM, count / alikeness - runs.length - 1)
  const spread = sum(runs.map(squaredSpread))
  return studentFactor(freedom) * Math.sqrt((alikeness * squares) / left / spread)
}

/** What is left of each point without trend and level. */
function restsOf(points: readonly Point[], slope: number): number[] {
  const levels = points.map(({ at, value }) => value - slope * at)
  const level = median(levels)
  return levels.map((each) => each - level)
}

function neighbourCorrelation(rests: readonly (readonly number[])[], squares: number, count: number): number {
  const products = sum(rests.flatMap((list) => list.slice(1).map((rest, index) => rest * (list[index] ?? 0))))
  const constant = TREND_BIAS.constant + rests.length * LEVEL_BIAS.constant
  const slope = TREND_BIAS.slope + rests.length * LEVEL_BIAS.slope
  const shareLeft = Math.max(MIN_SHARE_LEFT, 1 - slope / count)
  const corrected = (products / squares + constant / count) / shareLeft
  return Math.min(MAX_CORRELATION, Math.max(0, corrected))
}

function squaredSpread(points: readonly Point[]): number {
  const middle = sum(points.map(({ at }) => at)) / points.length
  return sum(points.map(({ at }) => (at - middle) ** 2))
}

/** Student's t for 95 %, by Hill's expansion (Abramowitz and Stegun 26.7.5): off by 1 % at two degrees of freedom. */
function studentFactor(freedom: number): number {
  const z = 1.96
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1_482 * z ** 5 - 1_920 * z ** 3 - 945 * z) / 92_160,
  ]
  return z + sum(terms.map((term, index) => term / freedom ** (index + 1)))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
