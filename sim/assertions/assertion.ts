/**
 * Bounds as a user writes them: `connects/min<=6`, `rss-slope<1MB/h`, `rss-peak<=85%`, `rss-peak<=baseline+5%`.
 * A percentage of memory is of the dyno's quota; after `baseline`, of the baseline's value. Only reads; judge.ts judges.
 */

import { closest } from 'fastest-levenshtein'
import { LabProblem } from '../cli/lab-problem.ts'
import { METRICS, metricNamed } from './metrics.ts'
import type { Metric } from './metrics.ts'
import { inDimension, readNumber, unitsText } from './quantity.ts'

export const COMPARISONS = ['<=', '<', '>=', '>', '='] as const
export type Comparison = (typeof COMPARISONS)[number]

export type Bound =
  /** In the metric's inner unit. */
  | { readonly kind: 'absolute'; readonly value: number }
  /** Of a memory metric: the share of the quota. */
  | { readonly kind: 'of-quota'; readonly share: number }
  /** The baseline's value, times 1 + share, plus `value`. */
  | { readonly kind: 'baseline'; readonly share: number; readonly value: number }

export interface Assertion {
  /** As written, without blanks. */
  readonly text: string
  readonly metric: Metric
  readonly comparison: Comparison
  readonly bound: Bound
}

const EXAMPLES = "e.g. 'connects/min<=6', 'rss-slope<1MB/h', 'rss-peak<=85%' or 'rss-peak<=baseline+5%'"

/** @throws LabProblem naming what is wrong, with the nearest metric or the units that would do */
export function parseAssertion(written: string): Assertion {
  const text = written.replaceAll(/\s+/g, '')
  const match = /^([^<>=]+)(<=|>=|<|>|==?)([^<>=]+)$/.exec(text)
  if (match === null) {
    throw problem(written, 'this is no bound', `write METRIC COMPARISON BOUND, ${EXAMPLES}`)
  }
  const [, name = '', sign = '', bound = ''] = match
  const metric = metricNamed(name)
  if (metric === undefined) throw unknownMetric(written, name)
  const comparison = COMPARISONS.find((each) => each === (sign === '==' ? '=' : sign)) ?? '='
  return { text, metric, comparison, bound: parseBound(written, metric, bound) }
}

/** The metrics as lines for help and documents. */
export function metricLines(): string[] {
  const width = Math.max(...METRICS.map(({ name }) => name.length))
  return METRICS.map(({ name, dimension, meaning }) => {
    const unit = dimension === 'count' ? '' : ` (${unitsText(dimension)})`
    return `${name.padEnd(width)}  ${meaning}${unit}`
  })
}

function parseBound(written: string, metric: Metric, bound: string): Bound {
  const relative = /^baseline(?:([+-])(.+))?$/i.exec(bound)
  if (relative !== null) return parseRelative(written, metric, relative[1], relative[2])
  const number = readNumber(bound)
  if (number === undefined) {
    throw problem(written, `"${bound}" is neither a number nor a baseline`, `write a bound, ${EXAMPLES}`)
  }
  if (number.unit === '%' && metric.dimension === 'bytes') {
    return { kind: 'of-quota', share: number.number / 100 }
  }
  const value = inDimension(number, metric.dimension)
  if (value === undefined) throw wrongUnit(written, metric, number.unit)
  return { kind: 'absolute', value }
}

function parseRelative(
  written: string,
  metric: Metric,
  sign: string | undefined,
  margin: string | undefined,
): Bound {
  if (sign === undefined || margin === undefined) return { kind: 'baseline', share: 0, value: 0 }
  const number = readNumber(margin)
  const factor = sign === '+' ? 1 : -1
  if (number === undefined || number.number < 0) {
    throw problem(written, `"${margin}" is no margin`, "write it as in 'baseline+5%' or 'baseline+10MB'")
  }
  if (number.unit === '%') return { kind: 'baseline', share: (factor * number.number) / 100, value: 0 }
  const value = inDimension(number, metric.dimension)
  if (value === undefined) throw wrongUnit(written, metric, number.unit)
  return { kind: 'baseline', share: 0, value: factor * value }
}

function wrongUnit(written: string, { name, dimension }: Metric, unit: string): LabProblem {
  const percent = dimension === 'bytes' ? ', or % of the quota' : ''
  return problem(
    written,
    unit === '' ? `${name} needs a unit` : `${name} is not measured in "${unit}"`,
    dimension === 'count'
      ? `${name} is a count: leave the unit out`
      : `use ${unitsText(dimension)}${percent}`,
  )
}

function unknownMetric(written: string, name: string): LabProblem {
  const names = METRICS.map((metric) => metric.name)
  return problem(
    written,
    `unknown metric "${name}"`,
    `did you mean ${closest(name.toLowerCase(), names)}? There are ${names.join(', ')}`,
  )
}

function problem(written: string, what: string, mend: string): LabProblem {
  return new LabProblem({ what, where: `--assert '${written}'`, mend })
}
