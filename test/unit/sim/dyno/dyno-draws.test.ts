import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  drawClockErrors,
  drawCycleMs,
  drawRepeatedSigtermMs,
  drawSampleGapMs,
} from '../../../../sim/dyno/dyno-draws.ts'
import { HEROKU_RULES } from '../../../../sim/dyno/heroku-rules.ts'
import { PrngStream } from '../../../../sim/world/prng.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

function draws(draw: (stream: PrngStream) => number, count = 2_000): { least: number; most: number } {
  const stream = new PrngStream('draws')
  const drawn = Array.from({ length: count }, () => draw(stream))
  return { least: Math.min(...drawn), most: Math.max(...drawn) }
}

describe('drawCycleMs', () => {
  it('covers 24 h to 24 h and 216 min, and nothing else', () => {
    const { least, most } = draws((stream) => drawCycleMs(HEROKU_RULES, stream))
    expect(least).toBeGreaterThanOrEqual(24 * HOUR_MS)
    expect(least).toBeLessThan(24 * HOUR_MS + MINUTE_MS)
    expect(most).toBeGreaterThan(24 * HOUR_MS + 215 * MINUTE_MS)
    expect(most).toBeLessThanOrEqual(24 * HOUR_MS + 216 * MINUTE_MS)
  })
})

describe('drawSampleGapMs', () => {
  it('covers 18 to 22 s', () => {
    const { least, most } = draws((stream) => drawSampleGapMs(HEROKU_RULES, stream))
    expect(least).toBeGreaterThanOrEqual(18_000)
    expect(least).toBeLessThan(18_100)
    expect(most).toBeLessThanOrEqual(22_000)
    expect(most).toBeGreaterThan(21_900)
  })
})

describe('drawRepeatedSigtermMs', () => {
  it('follows its probability at both ends', () => {
    const stream = new PrngStream('sigterm')
    expect(drawRepeatedSigtermMs({ ...HEROKU_RULES, repeatedSigtermChance: 0 }, stream)).toBeUndefined()
    expect(drawRepeatedSigtermMs({ ...HEROKU_RULES, repeatedSigtermChance: 1 }, stream)).toBeGreaterThan(0)
  })
})

describe('drawClockErrors', () => {
  it('stays within the bounds on either side, in whole ms', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(1_000), fc.string(), (maxSkewMs, maxDriftPpm, seed) => {
        const { skewMs, driftPpm } = drawClockErrors({ maxSkewMs, maxDriftPpm }, new PrngStream(seed))
        expect(Math.abs(skewMs)).toBeLessThanOrEqual(maxSkewMs)
        expect(Math.abs(driftPpm)).toBeLessThanOrEqual(maxDriftPpm)
        expect(Number.isInteger(skewMs)).toBe(true)
      }),
    )
  })

  it('leaves both signs possible', () => {
    const { least, most } = draws(
      (stream) => drawClockErrors({ maxSkewMs: 100, maxDriftPpm: 0 }, stream).skewMs,
    )
    expect({ least, most }).toEqual({ least: -100, most: 100 })
  })
})
