import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultSchema } from '../../../../sim/faults/fault.ts'
import type { FaultInput, FaultOf } from '../../../../sim/faults/fault.ts'
import { StoreFaults } from '../../../../sim/faults/store-faults.ts'
import { PrngStream } from '../../../../sim/world/prng.ts'
import { Scheduler } from '../../../../sim/world/scheduler.ts'

type Span = FaultOf<'store-latency' | 'store-outage' | 'store-flaky'>
const span = { atMs: 0, forMs: 1 }

function storeFaults(currentDynoId: () => string | undefined = () => 'web.1#1'): StoreFaults {
  return new StoreFaults({ scheduler: new Scheduler(), stream: new PrngStream('test'), currentDynoId })
}

function begun(faults: StoreFaults, input: FaultInput): Span {
  const fault = faultSchema.parse(input) as Span
  faults.begin(fault).on()
  return fault
}

describe('faults of the database', () => {
  it('leave a call alone when none is in force', () => {
    expect(storeFaults().decide('commit', 'web.1#1')).toBeUndefined()
  })

  it('slow a call by half of the extra time at least, and never by more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (extraMs) => {
        const faults = storeFaults()
        const fault = begun(faults, { kind: 'store-latency', ...span, extraMs })
        const decided = faults.decide('commit', 'web.1#1')
        expect(decided?.failure).toBeUndefined()
        expect(decided?.extraLatencyMs).toBeGreaterThanOrEqual(Math.floor(extraMs / 2))
        expect(decided?.extraLatencyMs).toBeLessThanOrEqual(extraMs)
        expect(faults.strikesOf(fault)).toBe(1)
      }),
    )
  })

  it('let no call land in an outage, until it is lifted', () => {
    const faults = storeFaults()
    const fault = faultSchema.parse({
      kind: 'store-outage',
      ...span,
      code: 'store-busy',
      answerMs: 7,
    }) as Span
    const switches = faults.begin(fault)
    switches.on()
    expect(faults.decide('readKeys', 'web.1#1')).toEqual({
      extraLatencyMs: 7,
      failure: { code: 'store-busy', isLanded: false },
    })
    switches.off()
    expect(faults.decide('readKeys', 'web.1#1')).toBeUndefined()
    expect(faults.strikesOf(fault)).toBe(1)
  })

  it('strike only the dyno that was the present one, when they are meant for one', () => {
    const faults = storeFaults()
    const fault = begun(faults, { kind: 'store-outage', ...span, scope: 'current-dyno' })
    expect(faults.decide('commit', 'web.1#2')?.failure).toBeUndefined()
    expect(faults.strikesOf(fault)).toBe(0)
    expect(faults.decide('commit', 'web.1#1')?.failure?.code).toBe('store-unavailable')
    expect(faults.strikesOf(fault)).toBe(1)
  })

  it('strike nobody when they are meant for the present dyno and there is none', () => {
    const faults = storeFaults(() => undefined)
    const fault = begun(faults, { kind: 'store-outage', ...span, scope: 'current-dyno' })
    faults.decide('commit', 'web.1#1')
    expect(faults.strikesOf(fault)).toBe(0)
  })

  it('strike only the operations they name', () => {
    const faults = storeFaults()
    const flaky = {
      kind: 'store-flaky',
      ...span,
      probability: 1,
      code: 'store-busy',
      isLanded: 'always',
    } as const
    const fault = begun(faults, { ...flaky, operations: ['commit'] })
    expect(faults.decide('readCreds', 'web.1#1')?.failure).toBeUndefined()
    expect(faults.strikesOf(fault)).toBe(0)
    expect(faults.decide('commit', 'web.1#1')?.failure).toEqual({ code: 'store-busy', isLanded: true })
    expect(faults.strikesOf(fault)).toBe(1)
  })

  it.each([
    ['never', [false]],
    ['always', [true]],
    ['either', [true, false]],
  ] as const)('that land %s say so of each call', (isLanded, expected) => {
    const faults = storeFaults()
    begun(faults, { kind: 'store-flaky', ...span, probability: 1, code: 'store-busy', isLanded })
    const seen = new Set(
      Array.from({ length: 100 }, () => faults.decide('commit', 'web.1#1')?.failure?.isLanded ?? false),
    )
    expect(seen).toEqual(new Set(expected))
  })

  it('strike about as often as their probability says', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 1, noNaN: true }), (probability) => {
        const faults = storeFaults()
        const fault = begun(faults, {
          kind: 'store-flaky',
          ...span,
          probability,
          code: 'store-busy',
          isLanded: 'never',
        })
        for (let call = 0; call < 400; call += 1) faults.decide('commit', 'web.1#1')
        // Six standard deviations either way.
        const slack = 6 * Math.sqrt(probability * (1 - probability) * 400)
        expect(Math.abs(faults.strikesOf(fault) - probability * 400)).toBeLessThanOrEqual(slack + 1)
      }),
    )
  })
})
