import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffDelayMs, backoffEnvelopeMs } from '../../src/backoff.ts'
import { seededRandom } from './connection/settings.ts'

const LAW = { baseMs: 2_000, capMs: 300_000 }
const DRAWS = 10_000

const laws = fc
  .tuple(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 1_000 }))
  .map(([baseMs, factor]) => ({ baseMs, capMs: baseMs * factor }))
const failures = fc.integer({ min: 1, max: 5_000 })
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('backoffEnvelopeMs', () => {
  it('doubles with each failure, up to the cap', () => {
    const envelopes = [1, 2, 3, 8, 9, 10, 5_000].map((count) => backoffEnvelopeMs(LAW, count))
    expect(envelopes).toEqual([2_000, 4_000, 8_000, 256_000, 300_000, 300_000, 300_000])
  })

  it('never shrinks with further failures, and stays finite', () => {
    fc.assert(
      fc.property(laws, failures, (law, count) => {
        expect(backoffEnvelopeMs(law, count + 1)).toBeGreaterThanOrEqual(backoffEnvelopeMs(law, count))
        expect(backoffEnvelopeMs(law, count)).toBeLessThanOrEqual(law.capMs)
      }),
    )
  })
})

describe('backoffDelayMs', () => {
  it('lies between half of the envelope and the envelope', () => {
    fc.assert(
      fc.property(laws, failures, chance, (law, count, drawn) => {
        const envelopeMs = backoffEnvelopeMs(law, count)
        const delayMs = backoffDelayMs(law, count, { next: () => drawn })
        expect(Number.isInteger(delayMs)).toBe(true)
        expect(delayMs).toBeGreaterThanOrEqual(Math.floor(envelopeMs / 2))
        // Equal only where the sum rounds up: the largest draw below 1 on a small envelope.
        expect(delayMs).toBeLessThanOrEqual(envelopeMs)
      }),
    )
  })

  it.each([
    ['below the cap', 5],
    ['at the cap', 9],
    ['far beyond the cap', 500],
  ])('is uniform over the upper half of the envelope %s', (_where, count) => {
    const envelopeMs = backoffEnvelopeMs(LAW, count)
    const random = seededRandom(20_250_404)
    const shares = Array.from(
      { length: DRAWS },
      () => (backoffDelayMs(LAW, count, random) - envelopeMs / 2) / (envelopeMs / 2),
    )
    // Critical values at p = 0.001: 19 degrees of freedom, and 1.95 / √n for Kolmogorov and Smirnov's distance.
    expect(chiSquare(shares, 20)).toBeLessThan(43.82)
    expect(distanceFromUniform(shares)).toBeLessThan(1.95 / Math.sqrt(DRAWS))
  })

  it('differs between two sources of chance', () => {
    expect(tenDelays(1)).not.toEqual(tenDelays(2))
    expect(tenDelays(1)).toEqual(tenDelays(1))
  })
})

function tenDelays(seed: number): number[] {
  const random = seededRandom(seed)
  return Array.from({ length: 10 }, () => backoffDelayMs(LAW, 9, random))
}

function chiSquare(shares: readonly number[], bins: number): number {
  const counts = Array.from({ length: bins }, () => 0)
  for (const share of shares) {
    const bin = Math.floor(share * bins)
    expect(bin).toBeGreaterThanOrEqual(0)
    expect(bin).toBeLessThan(bins)
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  const expected = shares.length / bins
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

function distanceFromUniform(shares: readonly number[]): number {
  const sorted = shares.toSorted((a, b) => a - b)
  return Math.max(
    ...sorted.map((share, index) =>
      Math.max(Math.abs(share - index / sorted.length), Math.abs(share - (index + 1) / sorted.length)),
    ),
  )
}
