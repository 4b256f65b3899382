import { describe, expect, it } from 'vitest'
import { BELOW_THE_LINE, guardMemory } from '../../../src/supervisor/memory-guard.ts'

const SETTINGS = {
  isEnabled: true,
  quotaBytes: 100,
  recyclePercent: 110,
  patienceMs: 60_000,
  killPercent: 150,
}

/** The order at the last of these samples, one in 20 s. */
function orderAfter(samples: readonly number[], settings = SETTINGS): string {
  let state = BELOW_THE_LINE
  let order = 'none'
  samples.forEach((usedBytes, index) => {
    ;({ state, order } = guardMemory(state, { usedBytes, nowMs: index * 20_000 }, settings))
  })
  return order
}

describe('the last resort against memory', () => {
  it('does nothing below its line, which is above the quota', () => {
    expect(orderAfter([109, 109, 109, 109, 109])).toBe('none')
  })

  it('orders a recycle when memory stays above the line for its patience', () => {
    expect(orderAfter([111, 120, 130])).toBe('none')
    expect(orderAfter([111, 120, 130, 112])).toBe('recycle')
  })

  it('begins anew when memory fell below the line in between', () => {
    expect(orderAfter([111, 120, 90, 112, 112])).toBe('none')
  })

  it('kills at once well before the platform would', () => {
    expect(orderAfter([80, 150])).toBe('kill')
  })

  it('orders nothing when memory management is off', () => {
    expect(orderAfter([80, 190, 190, 190, 190], { ...SETTINGS, isEnabled: false })).toBe('none')
  })
})
