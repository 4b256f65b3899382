import pc from 'picocolors'
import { expect, it } from 'vitest'
import { parseAssertion } from '../../../../sim/assertions/assertion.ts'
import { judgeAssertion } from '../../../../sim/assertions/judge.ts'
import { assertionsJson, assertionsText } from '../../../../sim/report/assertion-report.ts'
import { aRun } from '../assertions/runs.ts'

const judgements = ['connects/min<=6', 'lost>0', 'rss-slope<1MB/h'].map((text) =>
  judgeAssertion(parseAssertion(text), aRun(), []),
)
const plain = pc.createColors(false)

it('has a line for each bound', () => {
  const lines = assertionsText(judgements, plain).trim().split('\n')
  expect(lines[1]).toMatch(/^connects\/min<=6 +disconnect-storm\/refused-503-storm +1 +holds +1$/)
  expect(lines[2]).toMatch(/^lost>0 .* broken +0$/)
  expect(lines[3]).toMatch(/^rss-slope<1MB\/h .* undecided +not judged: /)
})

it('says nothing without bounds', () => {
  expect(assertionsText([], plain)).toBe('')
})

it('is JSON with numbers where there are any', () => {
  expect(assertionsJson(judgements)).toMatchObject([
    { assertion: 'connects/min<=6', verdict: 'holds', value: 1, low: 1, high: 1, limit: 6 },
    { assertion: 'lost>0', verdict: 'broken', value: 0, limit: 0 },
    { assertion: 'rss-slope<1MB/h', verdict: 'undecided', value: null, low: null, limit: null },
  ])
})
