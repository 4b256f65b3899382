import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { balloonPlanOf, balloonStep, rampMs } from '../../../../sim/balloon/balloon-plan.ts'
import type { BalloonPlan } from '../../../../sim/balloon/balloon-plan.ts'
import type { FaultOf } from '../../../../sim/faults/fault.ts'

const MB = 1_048_576

function plan(given: Partial<BalloonPlan>): BalloonPlan {
  return {
    shape: 'burst',
    kind: 'external',
    toBytes: 100 * MB,
    bytesPerSecond: 10 * MB,
    holdMs: 5_000,
    followsRestart: false,
    ...given,
  }
}

/** Every step of the plan in turn, until nothing changes any more or `maxSteps` are done. */
function follow(given: BalloonPlan, maxSteps = 5_000): { atMs: number; heldBytes: number }[] {
  const steps: { atMs: number; heldBytes: number }[] = []
  let atMs = 0
  while (steps.length < maxSteps) {
    const { heldBytes, nextInMs } = balloonStep(given, atMs)
    steps.push({ atMs, heldBytes })
    if (nextInMs === undefined) break
    atMs += nextInMs
  }
  return steps
}

describe('a leak', () => {
  it('grows at its rate and keeps what it has', () => {
    const leak = plan({ shape: 'leak' })
    expect(balloonStep(leak, 3_000).heldBytes).toBe(30 * MB)
    expect(follow(leak).at(-1)).toEqual({ atMs: 10_000, heldBytes: 100 * MB })
  })

  it('grows for ever when it has no bound', () => {
    const leak = plan({ shape: 'leak', toBytes: Infinity })
    expect(balloonStep(leak, 3_600_000)).toEqual({ heldBytes: 36_000 * MB, nextInMs: 250 })
  })

  it('costs few events when it is slow', () => {
    expect(balloonStep(plan({ shape: 'leak', bytesPerSecond: 0.2 * MB }), 0).nextInMs).toBe(2_500)
    expect(balloonStep(plan({ shape: 'leak', bytesPerSecond: MB / 3_600 }), 0).nextInMs).toBe(10_000)
  })
})

describe('a burst', () => {
  it('ramps by ticks of 250 ms, holds without events, and lets go', () => {
    const steps = follow(plan({}))
    expect(steps.slice(0, 3)).toEqual([
      { atMs: 0, heldBytes: 0 },
      { atMs: 250, heldBytes: 2.5 * MB },
      { atMs: 500, heldBytes: 5 * MB },
    ])
    expect(steps.slice(-2)).toEqual([
      { atMs: 10_000, heldBytes: 100 * MB },
      { atMs: 15_000, heldBytes: 0 },
    ])
  })

  it('reaches its size for a tick even without a hold', () => {
    expect(follow(plan({ holdMs: 0 })).slice(-2)).toEqual([
      { atMs: 10_000, heldBytes: 100 * MB },
      { atMs: 10_250, heldBytes: 0 },
    ])
  })
})

describe('a saw-tooth', () => {
  it('lets go at the top and grows again, until its hold is over', () => {
    const steps = follow(plan({ shape: 'saw-tooth', holdMs: 25_000 }))
    const tops = steps.filter(({ heldBytes }) => heldBytes === 100 * MB).map(({ atMs }) => atMs)
    expect(tops).toEqual([10_000, 20_250, 30_500])
    const lows = steps.filter(({ heldBytes }) => heldBytes === 0).map(({ atMs }) => atMs)
    expect(lows).toEqual([0, 10_250, 20_500, 30_750, 35_000])
  })
})

describe('any plan', () => {
  const anyPlan = fc.record({
    shape: fc.constantFrom('leak', 'burst', 'saw-tooth'),
    kind: fc.constant('heap'),
    toBytes: fc.integer({ min: MB, max: 900 * MB }),
    bytesPerSecond: fc.integer({ min: MB, max: 60 * MB }),
    holdMs: fc.integer({ min: 0, max: 600_000 }),
    followsRestart: fc.boolean(),
  } satisfies { [Name in keyof BalloonPlan]: fc.Arbitrary<BalloonPlan[Name]> })

  it('ends, moves on with every step, reaches its size and never passes it', () => {
    fc.assert(
      fc.property(anyPlan, (given) => {
        const steps = follow(given)
        expect(steps.length).toBeLessThan(5_000)
        const times = steps.map(({ atMs }) => atMs)
        expect(times.every((atMs, index) => Number.isInteger(atMs) && atMs > (times[index - 1] ?? -1))).toBe(
          true,
        )
        const sizes = steps.map(({ heldBytes }) => heldBytes)
        expect(sizes.every((bytes) => Number.isInteger(bytes) && bytes >= 0 && bytes <= given.toBytes)).toBe(
          true,
        )
        expect(steps.some(({ heldBytes }) => heldBytes === given.toBytes)).toBe(true)
        expect(steps.at(-1)?.heldBytes).toBe(given.shape === 'leak' ? given.toBytes : 0)
        expect(steps.at(-1)?.atMs).toBe(
          rampMs(given) + (given.shape === 'leak' ? 0 : Math.max(250, given.holdMs)),
        )
      }),
    )
  })
})

describe('balloonPlanOf', () => {
  it('takes a fault’s megabytes', () => {
    const fault: FaultOf<'balloon'> = {
      kind: 'balloon',
      atMs: 0,
      jitterMs: 0,
      shape: 'leak',
      memory: 'heap',
      toMb: 900,
      mbPerSecond: 0.2,
      holdMs: 7,
      followsRestart: true,
    }
    expect(balloonPlanOf(fault)).toEqual({
      shape: 'leak',
      kind: 'heap',
      toBytes: 900 * MB,
      bytesPerSecond: 0.2 * MB,
      holdMs: 7,
      followsRestart: true,
    })
  })
})
