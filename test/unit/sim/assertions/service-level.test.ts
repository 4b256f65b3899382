import { describe, expect, it } from 'vitest'
import { serviceLevel } from '../../../../sim/assertions/service-level.ts'
import { aRun, MINUTE_MS } from './runs.ts'

/** A run that was without a connection once, for so long. */
function interrupted(downMs: number, waits: readonly (number | null)[] = []) {
  const backAtMs = MINUTE_MS + downMs
  return aRun({
    connections: [
      { openedAtMs: 0, loggedInAtMs: 0, closedAtMs: MINUTE_MS },
      { openedAtMs: backAtMs, loggedInAtMs: backAtMs, closedAtMs: null },
    ],
    restarts: waits.map((firstReplyMs) => ({ atMs: MINUTE_MS, firstReplyMs })),
  })
}

describe('the service level', () => {
  it('takes a run for a day of faults, and seven of them for a week', () => {
    const level = serviceLevel([interrupted(60_000), interrupted(30_000), interrupted(120_000)])
    expect(level?.downtimeMs).toEqual({ median: 60_000, worst: 120_000 })
    expect(level?.openMinutesAWeek).toEqual({ median: 10_080 - 7, worst: 10_080 - 14 })
  })

  it('has the median between the middle two of an even number of runs', () => {
    const level = serviceLevel([interrupted(30_000), interrupted(120_000)])
    expect(level?.downtimeMs).toEqual({ median: 75_000, worst: 120_000 })
  })

  it('has the waits after the restarts of all runs, and counts those that nobody ended', () => {
    const level = serviceLevel([interrupted(1, [2_000, null]), interrupted(1, [4_000, 9_000])])
    expect(level).toMatchObject({
      firstReply: { p50Ms: 4_000, p99Ms: 9_000 },
      restarts: 4,
      unanswered: 1,
    })
  })

  it('has none where there is nothing to measure', () => {
    expect(serviceLevel([aRun({ connections: null })])).toBeUndefined()
    expect(serviceLevel([interrupted(1)])?.firstReply).toBeUndefined()
  })
})
