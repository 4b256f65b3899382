import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DynoClock, WORLD_EPOCH_MS } from '../../../../sim/world/dyno-clock.ts'

const DAY_MS = 86_400_000
const ppm = fc.integer({ min: -10_000, max: 10_000 })
const worldMs = fc.nat(7 * DAY_MS)

describe('a dyno’s clock', () => {
  it('that is exact shows the world’s time', () => {
    const clock = new DynoClock({ bootedAtMs: 5_000, skewMs: 0, driftPpm: 0 })
    expect([clock.wallMs(9_000), clock.monotonicMs(9_000), clock.worldDelayMs(70)]).toEqual([
      WORLD_EPOCH_MS + 9_000,
      4_000,
      70,
    ])
  })

  it('is off by its skew from the boot on, and drifts', () => {
    const clock = new DynoClock({ bootedAtMs: 0, skewMs: -30_000, driftPpm: 500 })
    expect(clock.wallMs(0)).toBe(WORLD_EPOCH_MS - 30_000)
    expect(clock.wallMs(1_000_000)).toBe(WORLD_EPOCH_MS + 1_000_500 - 30_000)
    expect(clock.monotonicMs(1_000_000)).toBe(1_000_500)
  })

  it('steps its wall reading, forward and back, and never the monotonic one', () => {
    const clock = new DynoClock({ bootedAtMs: 0, skewMs: 0, driftPpm: 0 })
    clock.stepMs(3_600_000)
    expect([clock.wallMs(10), clock.monotonicMs(10)]).toEqual([WORLD_EPOCH_MS + 3_600_010, 10])
    clock.stepMs(-7_200_000)
    expect([clock.wallMs(20), clock.monotonicMs(20)]).toEqual([WORLD_EPOCH_MS - 3_599_980, 20])
  })

  it('never runs backwards as the monotonic reading, and reads whole milliseconds', () => {
    fc.assert(
      fc.property(ppm, worldMs, fc.nat(DAY_MS), (driftPpm, fromMs, byMs) => {
        const clock = new DynoClock({ bootedAtMs: 0, skewMs: 7, driftPpm })
        const [before, after] = [clock.monotonicMs(fromMs), clock.monotonicMs(fromMs + byMs)]
        expect(after).toBeGreaterThanOrEqual(before)
        expect(Number.isInteger(after) && Number.isInteger(clock.wallMs(fromMs))).toBe(true)
      }),
    )
  })

  it('never lets a timer ring early by its own reading, nor later than two milliseconds', () => {
    fc.assert(
      fc.property(ppm, worldMs, fc.nat(DAY_MS), (driftPpm, setAtMs, delayMs) => {
        const clock = new DynoClock({ bootedAtMs: 0, skewMs: 0, driftPpm })
        const rangAtMs = setAtMs + clock.worldDelayMs(delayMs)
        const countedMs = clock.monotonicMs(rangAtMs) - clock.monotonicMs(setAtMs)
        expect(countedMs).toBeGreaterThanOrEqual(delayMs)
        expect(countedMs).toBeLessThanOrEqual(delayMs + 2)
      }),
    )
  })
})
