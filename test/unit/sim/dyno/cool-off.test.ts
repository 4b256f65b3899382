import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coolOffMs, crashesInRow } from '../../../../sim/dyno/cool-off.ts'
import { HEROKU_RULES } from '../../../../sim/dyno/heroku-rules.ts'

const MINUTE_MS = 60_000
const half = { next: () => 0.5 }

describe('coolOffMs', () => {
  it('climbs 0, 20, 40, 60, 180, 320 minutes and stays there in the worst case', () => {
    const rules = { ...HEROKU_RULES, coolOffDraw: 'worst-case' } as const
    const minutes = [1, 2, 3, 4, 5, 6, 7, 50].map((crashes) => coolOffMs(rules, crashes, half) / MINUTE_MS)
    expect(minutes).toEqual([0, 20, 40, 60, 180, 320, 320, 320])
  })

  it('draws half of the maximum from the middle of its stream', () => {
    expect(coolOffMs(HEROKU_RULES, 3, half)).toBe(20 * MINUTE_MS)
  })

  it('never draws zero, and can draw the whole maximum', () => {
    expect(coolOffMs(HEROKU_RULES, 2, { next: () => 0 })).toBe(20 * MINUTE_MS)
    expect(coolOffMs(HEROKU_RULES, 2, { next: () => 1 - Number.EPSILON })).toBe(1)
  })

  it('is never zero after the first crash and never above the maximum', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 100 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (crashes, drawn) => {
          const waitMs = coolOffMs(HEROKU_RULES, crashes, { next: () => drawn })
          const maxMs = (HEROKU_RULES.coolOffMinutes[Math.min(crashes - 1, 5)] ?? 0) * MINUTE_MS
          expect(waitMs).toBeGreaterThan(0)
          expect(waitMs).toBeLessThanOrEqual(maxMs)
          expect(Number.isInteger(waitMs)).toBe(true)
        },
      ),
    )
  })
})

describe('crashesInRow', () => {
  const rules = { coolOffResetMs: 1_000 }

  it('begins anew when the dyno had been up long enough', () => {
    expect(crashesInRow(rules, 4, 1_000)).toBe(1)
  })

  it('goes on counting when it was up only shortly, or never', () => {
    expect(crashesInRow(rules, 4, 999)).toBe(5)
    expect(crashesInRow(rules, 4, undefined)).toBe(5)
  })
})
