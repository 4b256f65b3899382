/**
 * Judges bounds on what was measured. A bound holds or is broken only when the measured value's 95 % bounds lie
 * wholly on one side of it; between the two it is undecided, and so is one on what nobody measured. Pure.
 */

import type { Assertion, Comparison } from './assertion.ts'
import { median } from './median.ts'
import type { Estimate } from './metrics.ts'
import type { Measurements } from './measurements.ts'
import { quantityText } from './quantity.ts'

export type AssertionVerdict = 'holds' | 'broken' | 'undecided'

export interface Judgement {
  readonly assertion: Assertion
  readonly scenario: string
  readonly seed: number
  readonly verdict: AssertionVerdict
  /** Undefined when it was not measured. */
  readonly measured: Estimate | undefined
  /** In the metric's inner unit; undefined when there is none to compare with. */
  readonly limit: number | undefined
  /** What was measured, and for `undecided` what is missing. */
  readonly message: string
}

const DAY_MINUTES = 1_440

/** @param baseline runs of the same scenario; several count by their median */
export function judgeAssertion(
  assertion: Assertion,
  run: Measurements,
  baseline: readonly Measurements[],
): Judgement {
  const { metric, comparison } = assertion
  const given = { assertion, scenario: run.scenario, seed: run.seed }
  const measured = metric.measure(run)
  if (typeof measured === 'string') {
    return {
      ...given,
      verdict: 'undecided',
      measured: undefined,
      limit: undefined,
      message: `not judged: ${measured}`,
    }
  }
  const limit = limitOf(assertion, run, baseline)
  if (typeof limit === 'string') {
    return { ...given, verdict: 'undecided', measured, limit: undefined, message: `not judged: ${limit}` }
  }
  const verdict = compare(measured, comparison, limit)
  const message = [
    estimateText(measured, assertion),
    ...(assertion.bound.kind === 'absolute' ? [] : [`the bound is ${quantityText(limit, metric.dimension)}`]),
    ...(verdict === 'undecided' ? [tooShort(measured, limit)] : []),
  ].join('; ')
  return { ...given, verdict, measured, limit, message }
}

/** Whether all of the estimate's range meets the bound, none of it, or some. */
export function compare({ low, high }: Estimate, comparison: Comparison, limit: number): AssertionVerdict {
  const [worst, best] = comparison === '<' || comparison === '<=' ? [high, low] : [low, high]
  const isMet = (value: number): boolean => MEETS[comparison](value, limit)
  if (comparison === '=') {
    if (isMet(low) && isMet(high)) return 'holds'
    return limit < low || limit > high ? 'broken' : 'undecided'
  }
  if (isMet(worst)) return 'holds'
  return isMet(best) ? 'undecided' : 'broken'
}

const MEETS: Readonly<Record<Comparison, (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '=': (value, limit) => value === limit,
}

function limitOf(
  { bound, metric }: Assertion,
  run: Measurements,
  baseline: readonly Measurements[],
): number | string {
  switch (bound.kind) {
    case 'absolute':
      return bound.value
    case 'of-quota':
      return run.dyno === null ? 'the quota is unknown' : bound.share * run.dyno.quotaBytes
    case 'baseline': {
      const values = baseline.map((each) => metric.measure(each)).filter((each) => typeof each !== 'string')
      if (values.length === 0) return 'the baseline has no such measurement of this scenario'
      return median(values.map((each) => each.value)) * (1 + bound.share) + bound.value
    }
    default:
      return bound satisfies never
  }
}

/** E.g. `437 MB` or `2.1 MB/h (95 %: 1.6 MB/h to 2.6 MB/h)`. */
function estimateText({ value, low, high }: Estimate, { metric: { dimension } }: Assertion): string {
  const text = quantityText(value, dimension)
  if (low === high) return text
  return `${text} (95 %: ${quantityText(low, dimension)} to ${quantityText(high, dimension)})`
}

function tooShort({ value, minutesToTell }: Estimate, limit: number): string {
  const minutes = Math.ceil(minutesToTell?.(Math.abs(value - limit)) ?? Infinity)
  const needed = minutes > DAY_MINUTES ? 'more than a day would do' : `--minutes ${minutes} should do`
  return `the run is too short to tell this from the bound: ${needed}`
}
