/**
 * Whether a seed determines a run: each scenario of at most two hours, for each seed twice at `virtual` and
 * once at `model`. All three traces must have one hash.
 */

import { planRuns } from '../sim/cli/plan.ts'
import type { RunJob } from '../sim/cli/worker-protocol.ts'
import type { LabEnvironment, PostgresKind } from '../sim/cli/lab-environment.ts'
import { openWorkshop } from '../sim/cli/workshop.ts'
import { Progress } from '../sim/report/progress.ts'
import type { RunResult } from '../sim/world/run-result.ts'

export interface DeterminismOptions {
  readonly seeds: number
  readonly postgres: PostgresKind
  readonly workers: number
}

export interface Determinism {
  readonly scenarios: number
  readonly seeds: number
  readonly runs: number
  readonly postgres: string
  /** One entry for each scenario and seed whose three hashes are not one. */
  readonly differing: readonly { scenario: string; seed: number; hashes: readonly string[] }[]
  /** Runs that ended in an error and were not compared. */
  readonly errors: number
  /** Runs that did not hold, with the first thing that broke; also of runs that were compared. */
  readonly unsound: readonly { scenario: string; level: string; seed: number; why: string }[]
  readonly wallMinutes: number
}

const MAX_DURATION_MS = 2 * 3_600_000

export async function measureDeterminism(
  environment: LabEnvironment,
  options: DeterminismOptions,
): Promise<Determinism> {
  const { engine, terminal, lifetime } = environment
  const scenarios = engine.scenarios.filter(
    ({ durationMs, defaultLevel }) => durationMs <= MAX_DURATION_MS && defaultLevel !== 'real',
  )
  const seeds = Array.from({ length: options.seeds }, (_, index) => index + 1)
  const plans = [
    planRuns({ scenarios, level: 'virtual', seeds, target: 'bot', repeat: 2, collectsGarbage: false }),
    planRuns({ scenarios, level: 'model', seeds, target: 'bot', repeat: 1, collectsGarbage: false }),
  ]
  const jobs = plans.flatMap((plan) => plan.jobs).map((job): RunJob => ({ ...job, keepLines: 0 }))
  const { postgres, workers } = options
  const workshop = await openWorkshop(environment, { postgres, needsDatabase: true, isReal: false, workers })
  const progress = new Progress(
    terminal,
    jobs.map((job) => job.request),
  )
  const startedMs = performance.now()
  try {
    const results = await lifetime.unlessInterrupted(workshop.pool.run(jobs, progress))
    return {
      scenarios: scenarios.length,
      seeds: options.seeds,
      runs: results.length,
      postgres: workshop.postgres ?? 'none',
      differing: differing(results),
      errors: results.filter((result) => result.verdict === 'error').length,
      unsound: unsound(results),
      wallMinutes: Math.round((performance.now() - startedMs) / 6_000) / 10,
    }
  } finally {
    progress.stop()
  }
}

function differing(results: readonly RunResult[]): Determinism['differing'] {
  const groups = Map.groupBy(
    results.filter((result) => result.verdict !== 'error'),
    (result) => `${result.scenario} ${result.seed}`,
  )
  return [...groups.values()].flatMap((group) => {
    const hashes = group.map((result) => result.traceHash)
    const [first] = group
    if (first === undefined || new Set(hashes).size === 1) return []
    return [{ scenario: first.scenario, seed: first.seed, hashes }]
  })
}

function unsound(results: readonly RunResult[]): Determinism['unsound'] {
  return results
    .filter(({ verdict }) => verdict !== 'holds')
    .map(({ scenario, level, seed, verdict, violations }) => {
      const [first] = violations
      return { scenario, level, seed, why: `${verdict}: ${first?.claim ?? ''}: ${first?.message ?? ''}` }
    })
}

export function determinismText(found: Determinism): string {
  const { scenarios, seeds, runs, postgres, wallMinutes } = found
  const levels = `twice at virtual (${postgres}) and once at model`
  const scope = `${scenarios} scenarios × ${seeds} seeds, ${levels}: ${runs} runs in ${wallMinutes} min`
  const lines = [
    scope,
    ...found.differing.map(
      ({ scenario, seed, hashes }) =>
        `  differs: ${scenario} seed ${seed}: ${hashes.map((hash) => hash.slice(0, 8)).join(' ')}`,
    ),
    ...found.unsound.map(
      ({ scenario, level, seed, why }) => `  does not hold: ${scenario} ${level} seed ${seed}: ${why}`,
    ),
    ...(found.errors > 0 ? [`  not compared: ${found.errors} runs ended in an error`] : []),
    found.differing.length === 0 ? 'no two hashes differ' : `${found.differing.length} differ`,
  ]
  return `${lines.join('\n')}\n`
}
