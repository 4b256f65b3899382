import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_STARTS, afterEnd, startedAt } from '../../../src/supervisor/restart-policy.ts'
import type { EndKind, RestartState } from '../../../src/supervisor/restart-policy.ts'

const SETTINGS = {
  quickDelayMs: 500,
  law: { baseMs: 2_000, capMs: 120_000 },
  stableUptimeMs: 120_000,
  windowMs: 600_000,
  maxStartsPerWindow: 12,
}
const KINDS: readonly EndKind[] = ['recycled', 'stopped', 'crashed', 'hung', 'memory', 'unspawnable']
const highest = { next: () => 0.999 }

function end(state: RestartState, kind: EndKind, uptimeMs = 1_000, nowMs = 0) {
  return afterEnd(state, { kind, uptimeMs, nowMs }, SETTINGS, highest)
}

/** The delays after so many failures in a row, none of them long after the one before. */
function delaysOf(failures: number): number[] {
  let state = NO_STARTS
  return Array.from({ length: failures }, () => {
    const { state: next, delayMs } = end(state, 'crashed')
    state = next
    return delayMs
  })
}

describe('the wait before the next bot process', () => {
  it('is short after a first failure and grows with each further one, up to the cap', () => {
    expect(delaysOf(5)).toEqual([500, 1_999, 3_998, 7_996, 15_992])
    expect(delaysOf(12).at(-1)).toBeLessThanOrEqual(120_000)
  })

  it('is short again after a stable run, however that ended', () => {
    const { state } = end({ failures: 9, startsMs: [] }, 'hung', 120_000)
    expect(state.failures).toBe(1)
  })

  it('is short after a recycle, which is no failure', () => {
    const { state, delayMs, why } = end({ failures: 3, startsMs: [] }, 'recycled')
    expect([state.failures, delayMs, why]).toEqual([3, 500, 'quick'])
  })

  it('lasts until the window has room when the budget is used up, also after a recycle', () => {
    const startsMs = Array.from({ length: 12 }, (_, index) => index * 1_000)
    expect(end({ failures: 0, startsMs }, 'recycled', 1_000, 20_000)).toMatchObject({
      why: 'budget',
      delayMs: 580_000,
    })
  })
})

describe('over any run of ends', () => {
  const ends = fc.array(
    fc.record({ kind: fc.constantFrom(...KINDS), uptimeMs: fc.integer({ min: 0, max: 200_000 }) }),
    { maxLength: 200 },
  )

  it('no window holds more starts than the budget, and it never gives up', () => {
    fc.assert(
      fc.property(ends, fc.double({ min: 0, max: 0.999, noNaN: true }), (all, chance) => {
        let state = startedAt(NO_STARTS, 0, SETTINGS)
        let nowMs = 0
        const startsMs = [0]
        for (const { kind, uptimeMs } of all) {
          nowMs += uptimeMs
          const random = { next: () => chance }
          const after = afterEnd(state, { kind, uptimeMs, nowMs }, SETTINGS, random)
          expect(after.delayMs).toBeLessThanOrEqual(SETTINGS.windowMs)
          nowMs += after.delayMs
          state = startedAt(after.state, nowMs, SETTINGS)
          startsMs.push(nowMs)
          expect(
            startsMs.filter((startMs) => startMs > nowMs - SETTINGS.windowMs).length,
          ).toBeLessThanOrEqual(12)
          expect(state.startsMs.length).toBeLessThanOrEqual(12)
        }
      }),
    )
  })
})
