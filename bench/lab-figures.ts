/**
 * How fast the lab is, on the declared workload: one-hour runs at both levels, several rounds each, after one
 * round that is thrown away because compilers and caches are cold in it.
 */

import type { LabEnvironment, PostgresKind } from '../sim/cli/lab-environment.ts'
import type { RunJob } from '../sim/cli/worker-protocol.ts'
import type { WorkerPool } from '../sim/cli/worker-pool.ts'
import { openPool, openPostgres } from '../sim/cli/workshop.ts'
import type { VirtualLevel } from '../sim/scenario.ts'
import type { RunResult } from '../sim/world/run-result.ts'
import type { Figure } from './figure.ts'
import { plainHour } from './plain-hour.ts'

export interface LabFigures {
  readonly figures: readonly Figure[]
  readonly postgres: string
  /** Runs that did not hold; above 0 the figures are of a bot or lab that fails. */
  readonly unsoundRuns: number
}

export interface FigureOptions {
  readonly rounds: number
  readonly postgres: PostgresKind
}

/** The figures are declared for two cores. */
const WORKERS = 2
const RUNS_PER_ROUND: Readonly<Record<VirtualLevel, number>> = { model: 120, virtual: 24 }
/** Runs of a round that has one worker to itself. */
const LONE_RUNS = 8

interface Round {
  readonly results: readonly RunResult[]
  readonly wallMs: number
}

export async function measureLab(environment: LabEnvironment, options: FigureOptions): Promise<LabFigures> {
  const { lifetime } = environment
  const postgres = await openPostgres(environment, options.postgres)
  const both = openPool(environment, postgres, { size: WORKERS })
  const lone = openPool(environment, postgres, { size: 1 })
  await lifetime.unlessInterrupted(Promise.all([both.warmUp(), lone.warmUp()]))
  const measure = (label: string, pool: WorkerPool, level: VirtualLevel, runs: number): Promise<Round[]> =>
    measureRounds(environment, { label, pool, level, runs, rounds: options.rounds })
  const model = await measure('model, 2 workers', both, 'model', RUNS_PER_ROUND.model)
  const virtual = await measure('virtual, 2 workers', both, 'virtual', RUNS_PER_ROUND.virtual)
  const alone = await measure('virtual, 1 worker', lone, 'virtual', LONE_RUNS)
  const all = [...model, ...virtual, ...alone].flatMap((round) => round.results)
  return {
    figures: [
      { name: 'model: one-hour runs', unit: 'a minute', rounds: model.map(runsPerMinute), goal: 3_000 },
      {
        name: 'model: trace events',
        unit: 'a second a core',
        rounds: model.map(eventsPerSecondPerCore),
        goal: undefined,
      },
      {
        name: 'virtual: speed of one run',
        unit: '× real time',
        rounds: alone.map(timesRealTime),
        goal: 5_000,
      },
      { name: 'virtual: one-hour runs', unit: 'a minute', rounds: virtual.map(runsPerMinute), goal: 120 },
    ],
    postgres: postgres.describe,
    unsoundRuns: all.filter((result) => result.verdict !== 'holds').length,
  }
}

async function measureRounds(
  { terminal, lifetime }: LabEnvironment,
  spec: { label: string; pool: WorkerPool; level: VirtualLevel; runs: number; rounds: number },
): Promise<Round[]> {
  const rounds: Round[] = []
  for (let round = 0; round <= spec.rounds; round += 1) {
    const name = round === 0 ? 'warming up' : `round ${round} of ${spec.rounds}`
    terminal.writeError(`${spec.label}: ${name}, ${spec.runs} runs\n`)
    const startedMs = performance.now()
    const results = await lifetime.unlessInterrupted(spec.pool.run(jobsOf(spec.level, spec.runs, round)))
    if (round > 0) rounds.push({ results, wallMs: performance.now() - startedMs })
  }
  return rounds
}

/** Other seeds in each round, so that no round repeats what caches have seen. */
function jobsOf(level: VirtualLevel, runs: number, round: number): RunJob[] {
  return Array.from({ length: runs }, (_, index) => ({
    request: { scenario: plainHour, level, seed: 1 + round * runs + index, target: 'bot' },
    keepLines: 0,
    sendsLinesAlways: false,
  }))
}

function runsPerMinute({ results, wallMs }: Round): number {
  return (results.length / wallMs) * 60_000
}

function eventsPerSecondPerCore({ results, wallMs }: Round): number {
  const events = results.reduce((sum, result) => sum + result.traceEvents, 0)
  return (events / wallMs / WORKERS) * 1_000
}

function timesRealTime({ results, wallMs }: Round): number {
  return results.reduce((sum, result) => sum + result.virtualMs, 0) / wallMs
}
