import { describe, expect, it } from 'vitest'
import { compareOrder } from '../../../../sim/conform/event-order.ts'
import type { KeyEvent } from '../../../../sim/conform/key-events.ts'

/** E.g. `run({ open: 1_000, close: 9_000 })`. */
function run(timesMs: Readonly<Record<string, number>>, phase = 0): KeyEvent[] {
  return Object.entries(timesMs).map(([name, atMs]) => ({ name, atMs, phase }))
}

describe('the order of key events', () => {
  it('is the same when each pair comes the same way round', () => {
    expect(compareOrder([run({ a: 0, b: 5_000 })], [run({ a: 100, b: 90_000 })])).toEqual({
      onlyReal: [],
      onlyVirtual: [],
      reversed: [],
      comparedPairs: 1,
      isCompared: true,
    })
  })

  it('is reversed when every run of one level says so and every run of the other the opposite', () => {
    const real = [run({ a: 0, b: 5_000 }), run({ a: 1_000, b: 3_000 })]
    expect(compareOrder(real, [run({ a: 9_000, b: 2_000 })]).reversed).toEqual([
      { phase: 0, first: 'a', second: 'b' },
    ])
  })

  it('has nothing to say of events a moment apart, or of runs that do not agree', () => {
    expect(compareOrder([run({ a: 0, b: 900 })], [run({ a: 5_000, b: 0 })]).reversed).toEqual([])
    const torn = [run({ a: 0, b: 5_000 }), run({ a: 5_000, b: 0 })]
    expect(compareOrder(torn, [run({ a: 5_000, b: 0 })])).toMatchObject({ reversed: [], comparedPairs: 0 })
  })

  it('is also that of the first ones over the whole run, across faults', () => {
    const real = [[...run({ a: 0, 'fault 1 begins': 4_000 }, 0), ...run({ b: 5_000 }, 1)]]
    const virtual = [[...run({ b: 0, 'fault 1 begins': 4_000 }, 0), ...run({ a: 5_000 }, 1)]]
    expect(compareOrder(real, virtual)).toMatchObject({
      reversed: [
        { phase: null, first: 'a', second: 'b' },
        { phase: null, first: 'fault 1 begins', second: 'b' },
        { phase: null, first: 'a', second: 'fault 1 begins' },
      ],
      comparedPairs: 3,
    })
    expect(compareOrder(real, real)).toMatchObject({ reversed: [], comparedPairs: 2 })
  })

  it('does not count pairs of one phase again over the whole run', () => {
    const twice = [[...run({ a: 0, b: 5_000 }, 0), ...run({ a: 10_000, b: 15_000 }, 1)]]
    expect(compareOrder(twice, twice).comparedPairs).toBe(2)
  })

  it('does not ask whether a fault struck, which the verdict tells', () => {
    const unstruck = [run({ a: 0 })]
    expect(compareOrder([run({ a: 0, 'fault 1 begins': 4_000 })], unstruck)).toMatchObject({
      onlyReal: [],
      reversed: [],
    })
  })

  it('lacks what every run of one level has and none of the other', () => {
    const real = [run({ a: 0, wavering: 1 }), run({ a: 0 })]
    expect(compareOrder(real, [run({ b: 0 })])).toMatchObject({ onlyReal: ['a'], onlyVirtual: ['b'] })
  })
})
