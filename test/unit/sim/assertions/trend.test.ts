import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { trendOf } from '../../../../sim/assertions/trend.ts'
import { PrngStreams } from '../../../../sim/world/prng.ts'
import type { Point } from '../../../../sim/assertions/trend.ts'

const line = (count: number, slope: number, noise: (index: number) => number = () => 0): Point[] =>
  Array.from({ length: count }, (_, index) => ({ at: index, value: 5 + slope * index + noise(index) }))

describe('a trend', () => {
  it('of a line is its slope, without doubt', () => {
    expect(trendOf([line(12, 0.5)])).toEqual({ slope: 0.5, low: 0.5, high: 0.5 })
  })

  it('is not moved by a wild point', () => {
    const { slope } = trendOf([line(15, 1, (index) => (index === 2 ? 500 : (index % 3) / 10))]) ?? {}
    expect(slope).toBeCloseTo(1, 1)
  })

  it('is known the better, the less noise there is, however alike neighbours are', () => {
    const stairs = trendOf([line(20, 0, (index) => Math.floor(index / 5) / 1_000)])
    expect(stairs?.high).toBeLessThan(0.002)
  })

  it('has no bounds when there are few points', () => {
    expect(trendOf([line(4, 1, (index) => index % 2)])).toMatchObject({ low: -Infinity, high: Infinity })
  })

  it('is less certain when neighbours are alike', () => {
    const zigzag = trendOf([line(24, 0, (index) => index % 2)])
    const waves = trendOf([line(24, 0, (index) => Math.floor(index / 4) % 2)])
    const width = (trend: typeof zigzag): number => (trend?.high ?? 0) - (trend?.low ?? 0)
    expect(width(waves)).toBeGreaterThan(1.5 * width(zigzag))
  })

  it('is taken within each run of points, never from one to the next', () => {
    const later = line(12, 1).map(({ at, value }) => ({ at: at + 12, value: value - 500 }))
    expect(trendOf([line(12, 1), later])).toMatchObject({ slope: 1 })
  })

  it('needs two points', () => {
    expect(trendOf([])).toBeUndefined()
    expect(trendOf([line(1, 1), line(1, 1)])).toBeUndefined()
  })

  it('lies within its bounds, whatever the points are', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2 }), (values) => {
        const trend = trendOf([values.map((value, at) => ({ at, value }))])
        if (trend === undefined) throw new Error('no trend')
        expect(trend.low).toBeLessThanOrEqual(trend.slope)
        expect(trend.high).toBeGreaterThanOrEqual(trend.slope)
      }),
    )
  })
})

const TRIALS = 200

function many(runs: number, count: number): number[] {
  return Array.from({ length: runs }, () => count)
}

/** Noise of which each value keeps so much of the one before; how often the true slope, 0, is outside the bounds. */
function misses(correlation: number, counts: readonly number[]): number {
  const stream = new PrngStreams(`${correlation}/${counts.join('+')}`).stream('noise')
  const noise = (count: number): Point[] => {
    let level = 0
    return Array.from({ length: count + 30 }, (_, at) => {
      // The sum of four is near enough to normal.
      const step = [1, 2, 3, 4].reduce((sum) => sum + stream.next() - 0.5, 0)
      level = correlation * level + step
      return { at, value: level }
    }).slice(30)
  }
  let missed = 0
  for (let trial = 0; trial < TRIALS; trial += 1) {
    const { low, high } = trendOf(counts.map(noise)) ?? { low: 0, high: 0 }
    if (low > 0 || high < 0) missed += 1
  }
  return missed / TRIALS
}

describe('the bounds', () => {
  it.each([
    [0, [12]],
    [0, [30]],
    [0.5, [20]],
    [0.8, [30]],
    // Several runs of points, each with a level of its own.
    [0, [10, 10, 10]],
    [0, many(10, 3)],
    [0, [8, ...many(20, 2)]],
    [0, [8, ...many(20, 1)]],
    [0.5, [10, 10, 10]],
    [0.5, [12, ...many(10, 4)]],
    [0.8, [8, ...many(20, 2)]],
  ])(
    'miss the truth in no more than a tenth, where neighbours share %d, with %j points',
    (correlation, counts) => {
      expect(misses(correlation, counts)).toBeLessThan(0.1)
    },
  )
})
