import { describe, expect, it } from 'vitest'
import { RestartsChecker } from '../../../../sim/checkers/process-checkers.ts'
import { CONTEXT, judged } from './judged.ts'
import type { Told } from './judged.ts'

const DYNO = { dynoId: 'web.1#1' }

function started(atMs: number, ageMs?: number): Told {
  return [atMs, 'process.started', ageMs === undefined ? DYNO : { ...DYNO, ageMs }]
}

function killed(atMs: number, unseenMs?: number): Told {
  const data = { ...DYNO, signal: 'SIGABRT' }
  return [atMs, 'process.killed', unseenMs === undefined ? data : { ...data, unseenMs }]
}

const restarts = (...told: Told[]): string[] => judged(new RestartsChecker(CONTEXT), told)

describe('restarts-in-bounds where every moment is known', () => {
  it('lets the first failure wait for half a second', () => {
    expect(restarts(started(0), killed(10_000), started(10_500))).toEqual([])
    expect(restarts(started(0), killed(10_000), started(10_250))).toEqual([
      '10250 started 245 ms too early, after 1 failures in a row',
    ])
  })

  it('lets a further failure in a row wait for half of its envelope', () => {
    const first = [started(0), killed(10_000), started(10_500), killed(11_000)]
    expect(restarts(...first, started(12_000))).toEqual([])
    expect(restarts(...first, started(11_500))).toEqual([
      '11500 started 490 ms too early, after 2 failures in a row',
    ])
  })

  it('holds the starts to the budget', () => {
    const spread = [0, 100_000, 200_000, 300_000].map((atMs) => started(atMs))
    expect(restarts(...spread)).toEqual(['300000 4 starts in 593 s, allowed are 3'])
  })
})

describe('restarts-in-bounds where processes are looked for', () => {
  it('does not blame a bot for an end that was seen late', () => {
    // It ended right after it was last seen, at 9,900 ms, and the next one came 500 ms later.
    expect(restarts(started(0), killed(10_000, 110), started(10_401))).toEqual([])
    expect(restarts(started(0), killed(10_000), started(10_401))).toHaveLength(1)
  })

  it('counts a start from the moment that the kernel tells, not from when it was seen', () => {
    expect(restarts(started(0), killed(10_000), started(10_600, 350))).toEqual([
      '10250 started 245 ms too early, after 1 failures in a row',
    ])
  })

  it('finds a supervisor that waits half as long, though each end is seen a look late', () => {
    expect(restarts(started(0), killed(10_000, 110), started(10_300, 60))).toEqual([
      '10240 started 145 ms too early, after 1 failures in a row',
    ])
  })
})
