/**
 * The trend of a noisy series, with 95 % bounds: Theil and Sen's median of all pairwise slopes, which a few wild
 * points cannot move, and Sen's bounds from Kendall's statistic, widened because neighbouring points are alike.
 * Several runs of points (the boots of a dyno) are taken together; no slope is taken from one to another. Pure.
 */

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

/** Of the normal distribution: 95 % lie within so many standard deviations. */
const Z_95 = 1.96
/** With more alikeness than this the estimate of it is worth nothing, and so would be the bounds. */
const MAX_CORRELATION = 0.95

/** Undefined when no run has two points at different times. */
export function trendOf(runs: readonly (readonly Point[])[]): Trend | undefined {
  const slopes = runs.flatMap(pairwiseSlopes).toSorted((a, b) => a - b)
  if (slopes.length === 0) return undefined
  const slope = median(slopes)
  const spread =
    Z_95 * Math.sqrt(sum(runs.map(({ length }) => kendallVariance(length)))) * widening(runs, slope)
  return { slope, ...boundsOf(slopes, spread) }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[sorted.length / 2 - 1] ?? Number.NaN)) / 2
}

function pairwiseSlopes(points: readonly Point[]): number[] {
  return points.flatMap((later, index) =>
    points
      .slice(0, index)
      .filter((earlier) => earlier.at !== later.at)
      .map((earlier) => (later.value - earlier.value) / (later.at - earlier.at)),
  )
}

/** Of Kendall's S for so many independent points without a trend. */
function kendallVariance(count: number): number {
  return (count * (count - 1) * (2 * count + 5)) / 18
}

/** Sen's: the slopes whose ranks lie `spread` around the middle. */
function boundsOf(
  sorted: readonly number[],
  spread: number,
): { readonly low: number; readonly high: number } {
  const lowRank = Math.floor((sorted.length - spread) / 2)
  const highRank = Math.ceil((sorted.length + spread) / 2)
  return { low: sorted[lowRank] ?? -Infinity, high: sorted[highRank] ?? Infinity }
}

/** How much wider the bounds are because what is left of each point resembles the one before. */
function widening(runs: readonly (readonly Point[])[], slope: number): number {
  const correlation = Math.min(MAX_CORRELATION, Math.max(0, lagOneCorrelation(runs, slope)))
  return Math.sqrt((1 + correlation) / (1 - correlation))
}

/** Of the points less their trend; corrected for the fewness of points, which makes it look too small. */
function lagOneCorrelation(runs: readonly (readonly Point[])[], slope: number): number {
  const rests = runs.map((points) => {
    const levels = points.map(({ at, value }) => value - slope * at)
    const level = median(levels)
    return levels.map((each) => each - level)
  })
  const squares = sum(rests.flat().map((rest) => rest ** 2))
  if (squares === 0) return 0
  const products = sum(rests.flatMap((list) => list.slice(1).map((rest, index) => rest * (list[index] ?? 0))))
  const count = rests.flat().length
  const raw = products / squares
  // Kendall, Marriott and Pope: the estimate is too small by (1 + 4ρ) / n when a trend is fitted as well.
  return count <= 4 ? 1 : (raw + 1 / count) / (1 - 4 / count)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
