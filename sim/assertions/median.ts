/**
 * The median as all figures of the project have it: the middle value, or half between the middle two. Pure. The
 * percentiles of waiting times are another idea, a wait that somebody really had: metrics.ts.
 */

/** NaN of no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
