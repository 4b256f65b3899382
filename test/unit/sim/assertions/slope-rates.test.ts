/**
 * On the recorded memory of production dynos: the real runs themselves, and many simulated ones by fixed seeds. More
 * trials: `npm run bench -- slope`.
 */

import { describe, expect, it } from 'vitest'
import { rateOf } from '../../../../bench/rate-bounds.ts'
import { readMemorySeries, recordedSlopes } from '../../../../bench/slope/recorded-series.ts'
import { slopeRates } from '../../../../bench/slope/slope-rates.ts'

const series = readMemorySeries(new URL('../../../../docs/results/memory-series.json', import.meta.url))

describe('in runs of the production bot over an hour and a quarter', () => {
  const slopes = recordedSlopes(series).filter(({ metric }) => metric === 'heap-slope')

  it('a leak of 2 MB/h is found by heap-slope<1MB/h', () => {
    const leaks = slopes.filter(({ leakMbPerHour }) => leakMbPerHour === 2)
    expect(leaks.map(({ lowMbPerHour }) => lowMbPerHour > 1)).toEqual([true])
  })

  it('nobody is accused without one, at rest or under light traffic', () => {
    const clean = slopes.filter(({ leakMbPerHour }) => leakMbPerHour === 0)
    expect(clean.map(({ lowMbPerHour }) => lowMbPerHour < 1)).toEqual([true, true])
  })
})

describe.each([
  ['heap-slope', 90, 60],
  ['rss-slope', 240, 25],
] as const)('%s<1MB/h in simulated runs of %d minutes', (metric, minutes, trials) => {
  const rates = slopeRates(series, { metric, minutes, trials })

  it('finds a leak of 2 MB/h', () => {
    const found = rates.filter(({ leakMbPerHour }) => leakMbPerHour === 2)
    for (const { verdicts } of found) expect(verdicts.broken.hits).toBeGreaterThan(0.95 * trials)
    expect(found).toHaveLength(2)
  })

  it('does not accuse a bot without growth', () => {
    const clean = rates.filter(({ leakMbPerHour }) => leakMbPerHour === 0)
    for (const { verdicts } of clean) expect(verdicts.broken.hits).toBe(0)
    expect(clean).toHaveLength(2)
  })
})

it('a rate has Wilson’s bounds', () => {
  // 0 and 300 of 300: 0 to 1.26 %, and its mirror.
  expect(rateOf(0, 300).highPercent).toBeCloseTo(1.26, 2)
  expect(rateOf(300, 300).lowPercent).toBeCloseTo(98.74, 2)
  expect(rateOf(50, 100)).toMatchObject({ hits: 50, trials: 100 })
  expect(rateOf(50, 100).lowPercent).toBeCloseTo(40.38, 1)
})
