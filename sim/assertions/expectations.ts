/**
 * What is expected of the project's own bot beside the old one, each by the worst of its runs. One peak is excepted: a
 * burst that grows faster than anybody samples; how far it may go is worked out from its rate and the bot's period. Pure.
 */

import { metricReader, peakBetweenSamples } from './comparison.ts'
import type { Measurements } from './measurements.ts'

/** What outruns the sampling: the quickest balloon of a scenario, against the bot's own sample period. */
export interface Burst {
  readonly mbPerSecond: number
  readonly sampleMs: number
}

export interface Expectation {
  /** In words, with the limit. */
  readonly what: string
  /** The worst of the runs, in words; undefined: no run measured it. */
  readonly measured: string | undefined
  /** Undefined where it was not measured. */
  readonly holds: boolean | undefined
}

const TYPICAL_PERCENT = 70
const PEAK_PERCENT = 85
/** A sample, and the collection that it leads to. */
const SAMPLES_TO_ACT = 2
const MB_BYTES = 1_048_576

/** @param burst of a scenario with a balloon; undefined where memory stays what the bot makes of it */
export function expectationsOf(runs: readonly Measurements[], burst: Burst | undefined): Expectation[] {
  const quotaBytes = runs[0]?.dyno?.quotaBytes ?? Infinity
  return [
    atMost(runs, `typical memory under ${TYPICAL_PERCENT} %`, '%', TYPICAL_PERCENT, ofQuota('rss-typical')),
    peakExpectation(runs, burst, quotaBytes),
    atMost(runs, 'no R15', '', 0, metricReader('r15')),
    atMost(runs, 'no QR after the first link', '', 0, ({ laterScans }) => laterScans),
    atMost(runs, 'every command answered by the end', '', 0, metricReader('lost')),
    atMost(runs, 'no answer doubled', '', 0, metricReader('doubled')),
  ]
}

function peakExpectation(
  runs: readonly Measurements[],
  burst: Burst | undefined,
  quotaBytes: number,
): Expectation {
  if (burst === undefined) return atMost(runs, `peak under ${PEAK_PERCENT} %`, '%', PEAK_PERCENT, peakOf)
  const { mbPerSecond, sampleMs } = burst
  const outrunBytes = mbPerSecond * MB_BYTES * ((SAMPLES_TO_ACT * sampleMs) / 1_000)
  const limit = PEAK_PERCENT + (outrunBytes * 100) / quotaBytes
  const why = `${mbPerSecond} MB/s grow for ${SAMPLES_TO_ACT} samples of ${sampleMs / 1_000} s`
  const what = `peak under ${PEAK_PERCENT} %, and what outruns the sampling: ${limit.toFixed(0)} % (${why})`
  return atMost(runs, what, '%', limit, peakOf)
}

function peakOf(run: Measurements): number | undefined {
  return percentOf(peakBetweenSamples(run), run)
}

function atMost(
  runs: readonly Measurements[],
  what: string,
  unit: '%' | '',
  limit: number,
  read: (run: Measurements) => number | undefined,
): Expectation {
  const values = runs.flatMap((run) => read(run) ?? [])
  if (values.length === 0) return { what, measured: undefined, holds: undefined }
  const worst = Math.max(...values)
  const text = unit === '%' ? `${worst.toFixed(1)} %` : String(worst)
  return { what, measured: text, holds: unit === '%' ? worst < limit : worst <= limit }
}

function ofQuota(name: string): (run: Measurements) => number | undefined {
  const read = metricReader(name)
  return (run) => percentOf(read(run), run)
}

function percentOf(bytes: number | undefined, { dyno }: Measurements): number | undefined {
  return bytes === undefined || dyno === null ? undefined : (bytes * 100) / dyno.quotaBytes
}
