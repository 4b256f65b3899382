import { describe, expect, it } from 'vitest'
import { metricLines, parseAssertion } from '../../../../sim/assertions/assertion.ts'
import { METRICS } from '../../../../sim/assertions/metrics.ts'
import { LabProblem } from '../../../../sim/cli/lab-problem.ts'
import { MB } from './runs.ts'

function boundOf(text: string): unknown {
  const { metric, comparison, bound } = parseAssertion(text)
  return { metric: metric.name, comparison, bound }
}

function problemOf(text: string): LabProblem {
  try {
    parseAssertion(text)
  } catch (error) {
    if (error instanceof LabProblem) return error
    throw error
  }
  throw new Error(`${text} was taken`)
}

describe('a bound', () => {
  it.each([
    ['connects/min<=6', 'connects/min', '<=', { kind: 'absolute', value: 6 }],
    ['rss-slope < 1 MB/h', 'rss-slope', '<', { kind: 'absolute', value: MB }],
    ['rss-slope<48mb/day', 'rss-slope', '<', { kind: 'absolute', value: 2 * MB }],
    ['reply-p99<1.5s', 'reply-p99', '<', { kind: 'absolute', value: 1_500 }],
    ['downtime<=2min', 'downtime', '<=', { kind: 'absolute', value: 120_000 }],
    ['rss-peak<=400MB', 'rss-peak', '<=', { kind: 'absolute', value: 400 * MB }],
    ['rss-peak<=85%', 'rss-peak', '<=', { kind: 'of-quota', share: 0.85 }],
    ['lost==0', 'lost', '=', { kind: 'absolute', value: 0 }],
    ['LOST=0', 'lost', '=', { kind: 'absolute', value: 0 }],
    ['r14<=baseline', 'r14', '<=', { kind: 'baseline', share: 0, value: 0 }],
    ['rss-peak<=baseline+5%', 'rss-peak', '<=', { kind: 'baseline', share: 0.05, value: 0 }],
    ['rss-peak<=baseline-10MB', 'rss-peak', '<=', { kind: 'baseline', share: 0, value: -10 * MB }],
    ['connects/min<=baseline+1', 'connects/min', '<=', { kind: 'baseline', share: 0, value: 1 }],
  ])('%s', (text, metric, comparison, bound) => {
    expect(boundOf(text)).toEqual({ metric, comparison, bound })
  })

  it.each([
    ['connects', 'this is no bound', "write METRIC COMPARISON BOUND, e.g. 'connects/min<=6'"],
    ['<=6', 'this is no bound', 'write METRIC'],
    ['lost<=1<=2', 'this is no bound', 'write METRIC'],
    ['conects/min<=6', 'unknown metric "conects/min"', 'did you mean connects/min?'],
    ['rss-peek<1MB', 'unknown metric "rss-peek"', 'did you mean rss-peak?'],
    ['lost<=few', '"few" is neither a number nor a baseline', 'write a bound'],
    ['lost<=1MB', 'lost is not measured in "MB"', 'lost is a count: leave the unit out'],
    ['rss-peak<=400', 'rss-peak needs a unit', 'use kB, MB, GB, or % of the quota'],
    ['rss-slope<1MB', 'rss-slope is not measured in "MB"', 'use kB/h, MB/h, MB/min, MB/day'],
    ['reply-p99<5%', 'reply-p99 is not measured in "%"', 'use ms, s, min, h'],
    ['rss-peak<=baseline+much', '"much" is no margin', "'baseline+5%'"],
    ['rss-peak<=baseline+5', 'rss-peak needs a unit', 'use kB, MB, GB'],
  ])('is refused, with a way to mend it: %s', (text, what, mend) => {
    const problem = problemOf(text)
    expect(problem).toMatchObject({ message: what, where: `--assert '${text}'`, exitCode: 2 })
    expect(problem.mend).toContain(mend)
  })

  it('lists every metric to somebody who asks for an unknown one', () => {
    for (const { name } of METRICS) expect(problemOf('nothing<1').mend).toContain(name)
    expect(metricLines()).toHaveLength(METRICS.length)
  })
})
