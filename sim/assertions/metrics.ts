/**
 * What may be asserted: each metric's name, dimension, meaning, and how it is had from measurements. A metric gives
 * a value with its 95 % bounds, which are the value itself for what was counted, or the reason why there is none.
 */

import { disconnectsOf, mostLoggedIn, mostOpen, outages, worstMinute } from './connection-measures.ts'
import type {
  CollectedSample,
  Measurements,
  MeasuredConnection,
  MeasuredDyno,
  MeasuredReplies,
} from './measurements.ts'
import { median } from './median.ts'
import type { Dimension } from './quantity.ts'
import { estimateSlope } from './memory-slope.ts'

export interface Estimate {
  readonly value: number
  /** 95 % bounds of the true value. */
  readonly low: number
  readonly high: number
  /** Minutes that a run would need to tell the value from a limit so far away; undefined for what is counted. */
  readonly minutesToTell?: (distance: number) => number
}

/** A reason in words where there is no estimate. */
export type Measured = Estimate | string

export interface Metric {
  readonly name: string
  readonly dimension: Dimension
  readonly meaning: string
  /** It can be had only of a run in which garbage is collected from outside every so often. */
  readonly needsCollections?: true
  readonly measure: (measurements: Measurements) => Measured
}

const PERCENTILES = { p50: 0.5, p99: 0.99, max: 1 } as const

export const METRICS: readonly Metric[] = [
  ofConnections(
    'connects/min',
    'count',
    'connections to WhatsApp begun within any minute, at most',
    worstMinute,
  ),
  ofConnections('connects', 'count', 'connections to WhatsApp begun in all', (list) => list.length),
  ofConnections(
    'sockets',
    'count',
    'connections open at the same moment, at most, logged in or not',
    mostOpen,
  ),
  ofConnections('logged-in', 'count', 'connections logged in at the same moment, at most', mostLoggedIn),
  ofConnections(
    'downtime',
    'ms',
    'time without a logged-in connection, from the first login on',
    (list, run) => sum(outages(list, run.durationMs)),
  ),
  ofConnections('longest-downtime', 'ms', 'the longest stretch without a logged-in connection', (list, run) =>
    Math.max(0, ...outages(list, run.durationMs)),
  ),
  ofConnections(
    'disconnects',
    'count',
    'logged-in connections that ended',
    (list) => disconnectsOf(list).ended,
  ),
  ofConnections('unhealed', 'count', 'of them, those that no other login followed', (list) => {
    const { ended, healed } = disconnectsOf(list)
    return ended - healed
  }),
  {
    name: 'qr-scans',
    dimension: 'count',
    meaning: 'QR codes that somebody had to scan, the first pairing included',
    measure: ({ qrScans }) => (qrScans === null ? 'scans were not counted' : exactly(qrScans)),
  },
  ofReplies(
    'lost',
    'count',
    'commands that had no answer by the end',
    ({ asked, answered }) => asked - answered,
  ),
  ofReplies('doubled', 'count', 'answers that came again', ({ doubled }) => doubled),
  ofReplies(
    'unreadable',
    'count',
    'messages of the bot that somebody could not read for good',
    ({ unreadable }) => unreadable ?? 'the server could not know what is unreadable',
  ),
  ...Object.entries(PERCENTILES).map(([name, share]) =>
    ofReplies(
      `reply-${name}`,
      'ms',
      name === 'max' ? 'the slowest answer' : `${share * 100} % of the answers took at most so long`,
      ({ latenciesMs }) => percentile(latenciesMs, share) ?? 'nothing was answered',
    ),
  ),
  ofDyno('rss-peak', 'bytes', 'the most memory of the dyno at any sample', ({ samples }) =>
    samples.length === 0 ? NO_SAMPLE : Math.max(...samples.map(({ usedBytes }) => usedBytes)),
  ),
  ofDyno('rss-typical', 'bytes', 'the median of the samples', ({ samples }) =>
    samples.length === 0 ? NO_SAMPLE : median(samples.map(({ usedBytes }) => usedBytes)),
  ),
  ofSlope(
    'rss-slope',
    'how quickly the memory left after a collection grows in the long run',
    ({ anonBytes }) => anonBytes,
  ),
  ofSlope(
    'heap-slope',
    'the same of what V8 holds for JavaScript: less noise, but blind to native leaks',
    ({ liveBytes }) => liveBytes,
  ),
  ofDyno('r10', 'count', 'boots that did not bind the port in time (R10)', ({ r10 }) => r10),
  ofDyno('r12', 'count', 'stops that took longer than allowed (R12)', ({ r12 }) => r12),
  ofDyno('r14', 'count', 'samples above the memory quota (R14)', ({ r14 }) => r14),
  ofDyno('r15', 'count', 'ends for memory far above the quota (R15)', ({ r15 }) => r15),
  ofDyno(
    'kills',
    'count',
    'SIGKILLs by the platform, those of the scenario not counted',
    ({ kills }) => kills,
  ),
  ofDyno(
    'crashes',
    'count',
    'ends of the dyno by itself with another status than 0',
    ({ exits }) => exits.filter(({ cause, status }) => cause === 'exit' && status !== 0).length,
  ),
]

const NO_DYNO = 'no dyno was measured'
const NO_SAMPLE = 'the run ended before the first memory sample'

export function metricNamed(name: string): Metric | undefined {
  return METRICS.find((metric) => metric.name === name.toLowerCase())
}

/** Nearest rank: a value that was really measured; undefined for an empty list. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
}

function ofConnections(
  name: string,
  dimension: Dimension,
  meaning: string,
  read: (connections: readonly MeasuredConnection[], run: Measurements) => number,
): Metric {
  return {
    name,
    dimension,
    meaning,
    measure: (run) =>
      run.connections === null ? 'connections were not measured' : exactly(read(run.connections, run)),
  }
}

function ofReplies(
  name: string,
  dimension: Dimension,
  meaning: string,
  read: (replies: MeasuredReplies) => number | string,
): Metric {
  return {
    name,
    dimension,
    meaning,
    measure: ({ replies }) => {
      if (replies === null || replies.asked === 0) return 'nobody asked the bot anything'
      return exactlyOrWhy(read(replies))
    },
  }
}

function ofDyno(
  name: string,
  dimension: Dimension,
  meaning: string,
  read: (dyno: MeasuredDyno) => number | string,
): Metric {
  return {
    name,
    dimension,
    meaning,
    measure: ({ dyno }) => (dyno === null ? NO_DYNO : exactlyOrWhy(read(dyno))),
  }
}

function ofSlope(name: string, meaning: string, bytesOf: (sample: CollectedSample) => number | null): Metric {
  return {
    name,
    dimension: 'bytes-per-hour',
    meaning,
    needsCollections: true,
    measure: ({ dyno }) => (dyno === null ? NO_DYNO : estimateSlope(dyno.collected, bytesOf)),
  }
}

function exactlyOrWhy(value: number | string): Measured {
  return typeof value === 'string' ? value : exactly(value)
}

function exactly(value: number): Estimate {
  return { value, low: value, high: value }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
