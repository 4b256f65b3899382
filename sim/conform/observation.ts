/**
 * What one run, at any level, has to say when levels are compared: its verdict, its key events, what its cleanups
 * asked in which order, and its memory. Plain, checked data, made of the run's trace; real ones are kept in a file,
 * so that ten of them need not be made in one go.
 */

import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Scenario } from '../scenario.ts'
import type { RunResult } from '../world/run-result.ts'
import type { TraceData, TraceEvent } from '../world/trace.ts'
import { textOf } from '../world/trace.ts'
import { keyEventsOf } from './key-events.ts'

const MB_BYTES = 1_048_576
/** A bot that has just started is not at rest yet. */
const AT_REST_AFTER_MS = 2_000

export const observationSchema = z.strictObject({
  scenario: z.string().min(1),
  /** Of the scenario as it was run: see versionOf. */
  version: z.string().min(1),
  level: z.enum(['model', 'virtual', 'real']),
  seed: z.number().int().min(0),
  verdict: z.enum(['holds', 'broken', 'vacuous']),
  /** Claims that broke, each once, by name. */
  broken: z.array(z.string()),
  events: z.array(
    z.strictObject({ name: z.string(), atMs: z.number().min(0), phase: z.number().int().min(0) }),
  ),
  /** Names of the steps of each cleanup, in the order of asking. */
  cleanups: z.array(z.array(z.string())),
  memory: z.strictObject({
    /** The most that any dyno held, by the quota's measure; null when nobody read it. */
    peakMb: z.number().positive().nullable(),
    /** The most that it held before the first fault, once open. */
    restMb: z.number().positive().nullable(),
  }),
  /** Runnable processes of the machine per core when the run ended; null where time is virtual. */
  loadPerCore: z.number().min(0).nullable(),
})
export type Observation = z.output<typeof observationSchema>

/** Twelve hex digits that change with whatever a real run goes by: the real part, and what it shares with the others. */
export function versionOf({ real, isPaired, dailyCycling, clocks: { maxSkewMs } }: Scenario): string {
  const goesBy = JSON.stringify({ real, isPaired, dailyCycling, maxSkewMs })
  return createHash('sha256').update(goesBy).digest('hex').slice(0, 12)
}

/**
 * @param scenario the one whose real part was run, or whose twin
 * @param result with all lines of its trace, of a run that recorded `dyno.reading`
 * @param untilMs the scenario's own duration
 * @returns undefined for a run that the lab could not finish
 */
export function observe(
  scenario: Scenario,
  result: RunResult,
  untilMs: number,
  loadPerCore: number | null = null,
): Observation | undefined {
  if (result.verdict === 'error') return undefined
  const events = result.lines.flatMap((line) => parseTraceLine(line) ?? [])
  return {
    scenario: result.scenario,
    version: versionOf(scenario),
    level: result.level,
    seed: result.seed,
    verdict: result.verdict,
    broken: [...new Set(result.violations.map(({ claim }) => claim))].toSorted(),
    events: keyEventsOf(events, untilMs),
    cleanups: cleanupsOf(events),
    memory: memoryOf(events, untilMs),
    loadPerCore,
  }
}

/** `<ms> <source> <kind> <JSON>`; undefined for anything else. */
export function parseTraceLine(line: string): TraceEvent | undefined {
  const [, atMs, source, kind, json] = /^(\d+) (\S+) (\S+) (\{.*\})$/.exec(line) ?? []
  if (source === undefined || kind === undefined || json === undefined) return undefined
  return { atMs: Number(atMs), source, kind, data: JSON.parse(json) as TraceData }
}

/** Steps are logged as they come, and the cleanup at its end; one that never ended is told, too. */
function cleanupsOf(events: readonly TraceEvent[]): string[][] {
  const done: string[][] = []
  const open = new Map<string, string[]>()
  for (const { kind, data } of events) {
    const dyno = textOf(data, 'dynoId')
    if (kind === 'log.memory.cleanup-step') open.set(dyno, [...(open.get(dyno) ?? []), textOf(data, 'name')])
    if (kind !== 'log.memory.cleanup') continue
    done.push(open.get(dyno) ?? [])
    open.delete(dyno)
  }
  return [...done, ...open.values()]
}

function memoryOf(events: readonly TraceEvent[], untilMs: number): Observation['memory'] {
  const openAtMs = events.find(({ kind }) => kind === 'wa.open')?.atMs ?? Infinity
  const faultAtMs = events.find(({ kind }) => kind.startsWith('fault.'))?.atMs ?? untilMs
  const readings = events.filter(({ kind, atMs }) => kind === 'dyno.reading' && atMs <= untilMs)
  const atRest = readings.filter(({ atMs }) => atMs >= openAtMs + AT_REST_AFTER_MS && atMs < faultAtMs)
  return { peakMb: highestMb(readings), restMb: highestMb(atRest) }
}

function highestMb(readings: readonly TraceEvent[]): number | null {
  if (readings.length === 0) return null
  const bytes = Math.max(...readings.map(({ data }) => Number(data['usedBytes'])))
  return Math.round((bytes / MB_BYTES) * 10) / 10
}
