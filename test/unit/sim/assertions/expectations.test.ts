import { describe, expect, it } from 'vitest'
import { expectationsOf } from '../../../../sim/assertions/expectations.ts'
import type { Measurements } from '../../../../sim/assertions/measurements.ts'
import { aDyno, aRun, aSample, MB } from './runs.ts'

const QUOTA_MB = 512

function mb(percent: number): number {
  return (percent * QUOTA_MB) / 100
}

/** A run by its typical and its highest memory, in percent of the quota. */
function run(typical: number, peak: number, changes: Partial<Measurements> = {}): Measurements {
  const samples = [aSample(0, mb(typical)), aSample(1, mb(typical))]
  return aRun({ laterScans: 0, dyno: aDyno({ samples, peakBytes: mb(peak) * MB }), ...changes })
}

function holdOf(runs: readonly Measurements[], burst?: { mbPerSecond: number; sampleMs: number }) {
  return expectationsOf(runs, burst).map(({ holds }) => holds)
}

describe('what is expected of the bot', () => {
  it('holds for a run within all limits', () => {
    expect(holdOf([run(30, 80)])).toEqual([true, true, true, true, true, true])
  })

  it('is judged by the worst run', () => {
    expect(holdOf([run(30, 80), run(70, 85)])).toEqual([false, false, true, true, true, true])
    const [typical] = expectationsOf([run(30, 80), run(71, 80)], undefined)
    expect(typical).toEqual({ what: 'typical memory under 70 %', measured: '71.0 %', holds: false })
  })

  it('allows a peak for what grows within two samples, and says how much', () => {
    // 40 MB/s for 4 s are 160 MB, 31 % of the quota.
    const burst = { mbPerSecond: 40, sampleMs: 2_000 }
    expect(holdOf([run(30, 116)], burst)[1]).toBe(true)
    expect(holdOf([run(30, 117)], burst)[1]).toBe(false)
    expect(expectationsOf([run(30, 116)], burst)[1]?.what).toContain(
      '116 % (40 MB/s grow for 2 samples of 2 s)',
    )
  })

  it('breaks by a single R15, scan, lost command or doubled answer', () => {
    const replies = { asked: 4, answered: 3, doubled: 1, latenciesMs: [1, 1, 1], unreadable: 0 }
    const dyno = aDyno({ samples: [aSample(0, 100)], peakBytes: 0, r15: 1 })
    expect(holdOf([run(30, 80), aRun({ dyno, replies, laterScans: 1 })])).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })

  it('is undecided where nobody measured it', () => {
    expect(holdOf([aRun({ dyno: null, replies: null })])).toEqual(Array.from({ length: 6 }))
  })
})
