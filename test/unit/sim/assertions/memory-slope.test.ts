import { describe, expect, it } from 'vitest'
import { estimateSlope } from '../../../../sim/assertions/memory-slope.ts'
import type { CollectedSample } from '../../../../sim/assertions/measurements.ts'
import type { Estimate } from '../../../../sim/assertions/metrics.ts'
import { aCollected, MB } from './runs.ts'

/** An hour or so by points of two minutes. */
function series(count: number, mbAt: (index: number) => number, life = 0): CollectedSample[] {
  return Array.from({ length: count }, (_, index) => aCollected(index, mbAt(index), life))
}

function slope(samples: readonly CollectedSample[]): Estimate {
  const measured = estimateSlope(samples, ({ anonBytes }) => anonBytes)
  if (typeof measured === 'string') throw new Error(measured)
  return measured
}

function reason(samples: readonly CollectedSample[]): unknown {
  return estimateSlope(samples, ({ anonBytes }) => anonBytes)
}

describe('a slope', () => {
  it('is in bytes an hour', () => {
    expect(slope(series(40, (index) => 100 + index / 30)).value / MB).toBeCloseTo(1)
  })

  it('does not count the warm-up', () => {
    // 50 MB within the first half hour, then nothing.
    const { value } = slope(series(40, (index) => 100 + Math.min(50, index * 4)))
    expect(value).toBe(0)
  })

  it('counts the warm-up anew for each set of processes, and takes no slope from one to the next', () => {
    const second = series(30, (index) => 60 + Math.min(50, index * 4), 1).map((sample) => ({
      ...sample,
      atMs: sample.atMs + 7_200_000,
    }))
    expect(slope([...series(40, () => 200), ...second]).value).toBe(0)
  })

  it('needs less time the farther the bound is', () => {
    const { minutesToTell } = slope(series(45, (index) => 100 + ((index * 7) % 12) / 4))
    const minutes = [1, 2, 4].map((mb) => minutesToTell?.(mb * MB) ?? 0)
    expect(minutes).toEqual(minutes.toSorted((a, b) => b - a))
    expect(minutes[0]).toBeGreaterThan(60)
  })
})

describe('no slope', () => {
  it('without a collection', () => expect(reason([])).toBe('no process let its garbage be collected'))

  it('where anonymous memory is not told apart', () => {
    const blind = series(40, () => 100).map((sample) => ({ ...sample, anonBytes: null }))
    expect(reason(blind)).toBe('the system does not tell anonymous memory apart')
  })

  it('of processes that live too shortly, with the minutes that it takes', () => {
    expect(reason(series(10, () => 100))).toBe(
      'a slope needs processes that live longer, for 46 min; the first 30 min do not count',
    )
    expect(reason(series(1, () => 100))).toBe(
      'a slope needs processes that live longer; the first 30 min do not count',
    )
  })
})
