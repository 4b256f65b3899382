/** A rate that was seen in so many trials, with the 95 % bounds of the true one: Wilson's, which hold near 0 and 1, too. */

export interface Rate {
  readonly hits: number
  readonly trials: number
  readonly lowPercent: number
  readonly highPercent: number
}

const Z_95 = 1.96

export function rateOf(hits: number, trials: number): Rate {
  const share = hits / trials
  const weight = Z_95 ** 2 / trials
  const middle = (share + weight / 2) / (1 + weight)
  const reach = (Z_95 * Math.sqrt((share * (1 - share)) / trials + weight / (4 * trials))) / (1 + weight)
  return {
    hits,
    trials,
    lowPercent: 100 * Math.max(0, middle - reach),
    highPercent: 100 * Math.min(1, middle + reach),
  }
}
