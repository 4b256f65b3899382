import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  BASELINE_BOUNDS,
  checkBaseline,
  exitCodeOfJudgements,
  judgeBounds,
  readBounds,
} from '../../../../sim/assertions/bounds.ts'
import { writeMeasurements } from '../../../../sim/assertions/measurements-file.ts'
import type { Measurements } from '../../../../sim/assertions/measurements.ts'
import { aDyno, aRun, aSample } from './runs.ts'

function folderWith(runs: readonly Measurements[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'bounds-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeMeasurements(join(folder, 'main.json'), runs)
  return folder
}

function exitCode(assert: readonly string[], run = aRun()): number {
  return exitCodeOfJudgements(judgeBounds(readBounds('.', { assert, baseline: undefined }), [run]))
}

function words(assert: readonly string[]) {
  return { assert, baseline: 'main.json' }
}

describe('the exit code', () => {
  it.each([
    [[], 0],
    [['lost=0', 'doubled=0'], 0],
    [['lost=0', 'lost>0'], 1],
    [['lost=0', 'rss-slope<1MB/h'], 3],
    [['lost>0', 'rss-slope<1MB/h'], 1],
  ])('of %j is %d', (assert, code) => expect(exitCode(assert)).toBe(code))
})

describe('a baseline', () => {
  it('that no bound refers to must not be undercut', () => {
    const bounds = readBounds(folderWith([aRun()]), words(['connects/min<=6']))
    expect(bounds.assertions.map(({ text }) => text)).toEqual(['connects/min<=6', ...BASELINE_BOUNDS])
    expect(exitCodeOfJudgements(judgeBounds(bounds, [aRun()]))).toBe(0)
    const fatter = aRun({ dyno: aDyno({ samples: [aSample(0, 120)] }) })
    const broken = judgeBounds(bounds, [fatter]).filter(({ verdict }) => verdict === 'broken')
    expect(broken.map(({ assertion }) => assertion.text)).toEqual([
      'rss-typical<=baseline+10%',
      'rss-peak<=baseline+15%',
    ])
  })

  it('that a bound refers to is for that bound', () => {
    const { assertions } = readBounds(folderWith([aRun()]), words(['rss-peak<=baseline+5%']))
    expect(assertions).toHaveLength(1)
  })

  it('counts by its runs of the same scenario only', () => {
    const other = aRun({ scenario: 'other', dyno: aDyno({ samples: [aSample(0, 1)] }) })
    const bounds = readBounds(folderWith([other, aRun()]), words(['rss-peak<=baseline']))
    expect(judgeBounds(bounds, [aRun()])).toMatchObject([{ verdict: 'holds' }])
  })

  it('must be given when a bound refers to it', () => {
    expect(() => readBounds('.', { assert: ['lost<=baseline'], baseline: undefined })).toThrow(
      'the bound is on a baseline, and none is given',
    )
  })

  it('must have what is run', () => {
    const bounds = readBounds(folderWith([aRun({ scenario: 'a' })]), words([]))
    expect(() => checkBaseline(bounds, ['a'])).not.toThrow()
    expect(() => checkBaseline(bounds, ['a', 'b'])).toThrow('the baseline has no run of b')
    expect(() => checkBaseline({ assertions: [], baseline: [] }, ['b'])).not.toThrow()
  })
})
