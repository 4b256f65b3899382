import { describe, expect, it } from 'vitest'
import { compareSides } from '../../../../sim/assertions/comparison.ts'
import type { Measurements } from '../../../../sim/assertions/measurements.ts'
import {
  comparisonJson,
  comparisonMarkdown,
  comparisonText,
} from '../../../../sim/report/comparison-report.ts'
import { aDyno, aRun, aSample } from '../assertions/runs.ts'

/** A run by its peak memory, and logins that each ended after a second, the last one perhaps not. */
function run(peakMb: number, logins: number, isOpenAtTheEnd = true): Measurements {
  const connections = Array.from({ length: logins }, (_, index) => ({
    openedAtMs: index * 2_000,
    loggedInAtMs: index * 2_000 + 500,
    closedAtMs: isOpenAtTheEnd && index === logins - 1 ? null : index * 2_000 + 1_500,
  }))
  return aRun({ connections, dyno: aDyno({ samples: [aSample(0, peakMb)], r14: peakMb > 512 ? 1 : 0 }) })
}

const comparison = compareSides([
  { name: 'before', runs: [run(600, 3), run(1_024, 5, false), run(700, 3)] },
  { name: 'bot', runs: [run(200, 2)] },
])

function rowOf(measure: string): unknown {
  return comparison.rows.find((row) => row.measure === measure)?.values
}

describe('two sides', () => {
  it('have the median and the worst of their runs', () => {
    expect(rowOf('peak memory')).toEqual([
      { median: 700, worst: 1_024, runs: 3 },
      { median: 200, worst: 200, runs: 1 },
    ])
    expect(rowOf('connections in the worst minute')).toMatchObject([{ median: 3, worst: 5 }, { median: 2 }])
  })

  it('are the worse the less of their disconnects they healed, however many these were', () => {
    // 2 of 2, 4 of 5 (the last end stayed), 2 of 2.
    expect(rowOf('disconnects healed')).toMatchObject([{ median: 100, worst: 80 }, { median: 100 }])
    expect(rowOf('disconnects')).toMatchObject([{ median: 2, worst: 5 }, { median: 1 }])
  })

  it('have no share of healed disconnects where nothing was disconnected', () => {
    const calm = compareSides([{ name: 'bot', runs: [run(100, 1)] }])
    expect(calm.rows.find(({ measure }) => measure === 'disconnects healed')?.values).toEqual([null])
  })

  it('have the median between the middle two of an even number of runs', () => {
    const even = compareSides([{ name: 'bot', runs: [run(200, 1), run(100, 1)] }])
    expect(even.rows[0]?.values).toEqual([{ median: 150, worst: 200, runs: 2 }])
  })

  it('show what nobody measured as missing, never as 0', () => {
    const blind = compareSides([{ name: 'bot', runs: [aRun({ dyno: null, replies: null })] }])
    expect(
      blind.rows.find(({ measure }) => measure === 'commands without an answer at the end')?.values,
    ).toEqual([null])
    expect(comparisonMarkdown(blind)).toContain('| commands without an answer at the end | – |')
  })
})

describe('the table', () => {
  it('is Markdown', () => {
    const lines = comparisonMarkdown(comparison).split('\n')
    expect(lines.slice(0, 4)).toEqual([
      '| median (worst) | before, 3 runs | bot, 1 run |',
      '| --- | ---: | ---: |',
      '| peak memory, MB | 700 (1024) | 200 |',
      '| peak memory, % of the quota | 136.7 (200) | 39.1 |',
    ])
  })

  it('is text for a terminal', () => {
    expect(comparisonText(comparison)).toMatch(/^median \(worst\) +before, 3 runs +bot, 1 run\n/)
  })

  it('is JSON by side', () => {
    expect(comparisonJson(comparison)).toMatchObject({
      sides: ['before', 'bot'],
      measures: expect.arrayContaining([
        {
          measure: 'R14, memory above the quota',
          unit: '',
          before: { median: 1, worst: 1, runs: 3 },
          bot: { median: 0, worst: 0, runs: 1 },
        },
      ]),
    })
  })
})
