/**
 * Two or more bots beside each other, each by several runs of the same scenarios: for each measure the median and
 * the worst of its runs. What no run measured is missing, never 0. Pure; report/comparison-report.ts prints it.
 */

import { disconnectsOf } from './connection-measures.ts'
import type { Measurements } from './measurements.ts'
import { median } from './median.ts'
import { metricNamed } from './metrics.ts'

export interface ComparedSide {
  readonly name: string
  readonly runs: readonly Measurements[]
}

export type MeasureUnit = 'MB' | '% of the quota' | 'ms' | '%' | ''

export interface ComparedValue {
  readonly median: number
  readonly worst: number
  /** Runs that measured it. */
  readonly runs: number
}

export interface ComparisonRow {
  readonly measure: string
  readonly unit: MeasureUnit
  /** In the order of the sides; null where no run measured it. */
  readonly values: readonly (ComparedValue | null)[]
}

export interface Comparison {
  readonly sides: readonly string[]
  readonly rows: readonly ComparisonRow[]
}

interface ComparedMeasure {
  readonly measure: string
  readonly unit: MeasureUnit
  readonly isMoreBetter: boolean
  readonly read: (run: Measurements) => number | undefined
}

const MB_BYTES = 1_048_576

const MEASURES: readonly ComparedMeasure[] = [
  fromMetric('peak memory', 'MB', 'rss-peak', MB_BYTES),
  ofQuota('peak memory', metricReader('rss-peak')),
  {
    measure: 'peak memory between the samples',
    unit: 'MB',
    isMoreBetter: false,
    read: (run) => scaled(peakBetweenSamples(run), MB_BYTES),
  },
  ofQuota('peak memory between the samples', peakBetweenSamples),
  fromMetric('typical memory', 'MB', 'rss-typical', MB_BYTES),
  ofQuota('typical memory', metricReader('rss-typical')),
  fromMetric('R14, memory above the quota', '', 'r14'),
  fromMetric('R15, ended for memory', '', 'r15'),
  fromMetric('killed by the platform', '', 'kills'),
  fromMetric('disconnects', '', 'disconnects'),
  {
    measure: 'disconnects healed',
    unit: '%',
    isMoreBetter: true,
    read: healedPercent,
  },
  fromMetric('connections in the worst minute', '', 'connects/min'),
  fromMetric('sockets at once', '', 'sockets'),
  fromMetric('time without a connection', 'ms', 'downtime'),
  {
    measure: 'QR codes scanned after the first link',
    unit: '',
    isMoreBetter: false,
    read: ({ laterScans }) => laterScans,
  },
  fromMetric('commands without an answer at the end', '', 'lost'),
  fromMetric('answers doubled', '', 'doubled'),
  fromMetric('answer after, p50', 'ms', 'reply-p50'),
  fromMetric('answer after, p99', 'ms', 'reply-p99'),
]

/** How many is no measure: who is disconnected more often heals more. Undefined where nothing ended. */
function healedPercent({ connections }: Measurements): number | undefined {
  const { ended, healed } = disconnectsOf(connections ?? [])
  return ended === 0 ? undefined : (healed * 100) / ended
}

/** Looked at each second; undefined where nobody looked. */
export function peakBetweenSamples({ dyno }: Measurements): number | undefined {
  return dyno?.peakBytes
}

/** A metric's value; undefined where there is none. */
export function metricReader(name: string): (run: Measurements) => number | undefined {
  const metric = metricNamed(name)
  if (metric === undefined) throw new Error(`no metric is called ${name}`)
  return (run) => {
    const measured = metric.measure(run)
    return typeof measured === 'string' ? undefined : measured.value
  }
}

export function compareSides(sides: readonly ComparedSide[]): Comparison {
  return {
    sides: sides.map(({ name }) => name),
    rows: MEASURES.map((each) => ({
      measure: each.measure,
      unit: each.unit,
      values: sides.map(({ runs }) => valueOf(each, runs)),
    })),
  }
}

function valueOf(
  { isMoreBetter, read }: ComparedMeasure,
  runs: readonly Measurements[],
): ComparedValue | null {
  const values = runs.flatMap((run) => read(run) ?? [])
  if (values.length === 0) return null
  const worst = isMoreBetter ? Math.min(...values) : Math.max(...values)
  return { median: median(values), worst, runs: values.length }
}

function fromMetric(measure: string, unit: MeasureUnit, name: string, divisor = 1): ComparedMeasure {
  const read = metricReader(name)
  return { measure, unit, isMoreBetter: false, read: (run) => scaled(read(run), divisor) }
}

function ofQuota(measure: string, read: (run: Measurements) => number | undefined): ComparedMeasure {
  return {
    measure,
    unit: '% of the quota',
    isMoreBetter: false,
    read: (run) => (run.dyno === null ? undefined : scaled(read(run), run.dyno.quotaBytes / 100)),
  }
}

function scaled(value: number | undefined, divisor: number): number | undefined {
  return value === undefined ? undefined : value / divisor
}
