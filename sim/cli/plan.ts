/** What a `run` command will run: scenarios × seeds × repetitions, decided before anything is started. */

import type { Level, Scenario } from '../scenario.ts'
import type { RunRequest, RunResult, TargetOptions } from '../world/run-result.ts'
import { KEPT_LINES } from './run-file.ts'
import type { RunJob } from './worker-protocol.ts'

export interface PlanOptions {
  readonly scenarios: readonly Scenario[]
  /** Each scenario's own default level when undefined. */
  readonly level: Level | undefined
  readonly seeds: readonly number[]
  readonly target: string
  /** For runs at the real level. */
  readonly targetOptions?: TargetOptions
  readonly repeat: number
  readonly collectsGarbage: boolean
}

/** The same request, run `repeat` times: all must come to the same hash. */
export interface PlannedGroup {
  readonly request: RunRequest
  /** Places in the list of jobs. */
  readonly indexes: readonly number[]
}

export interface Plan {
  readonly groups: readonly PlannedGroup[]
  readonly jobs: readonly RunJob[]
  readonly needsDatabase: boolean
}

export function planRuns(options: PlanOptions): Plan {
  const { scenarios, level, seeds, target, targetOptions, repeat, collectsGarbage } = options
  const requests = scenarios.flatMap((scenario) =>
    seeds.map((seed): RunRequest => ({
      scenario,
      level: level ?? scenario.defaultLevel,
      seed,
      target,
      ...((level ?? scenario.defaultLevel) === 'real' && targetOptions && { targetOptions }),
      ...(collectsGarbage ? { collectsGarbage } : {}),
    })),
  )
  const jobs: RunJob[] = []
  const groups = requests.map((request): PlannedGroup => {
    const first = jobs.length
    for (let round = 0; round < repeat; round += 1) {
      jobs.push({ request, keepLines: KEPT_LINES, sendsLinesAlways: false })
    }
    return { request, indexes: jobs.slice(first).map((_, offset) => first + offset) }
  })
  return { groups, jobs, needsDatabase: requests.some((request) => request.level !== 'model') }
}

export interface GroupOutcome {
  readonly request: RunRequest
  readonly results: readonly RunResult[]
  /** Whether two finished runs of the group came to different hashes. */
  readonly isDivergent: boolean
}

/** Runs that ended in an error have no hash and are not compared. */
export function judgeGroups(groups: readonly PlannedGroup[], results: readonly RunResult[]): GroupOutcome[] {
  return groups.map(({ request, indexes }) => {
    const own = indexes.flatMap((index) => results[index] ?? [])
    const hashes = new Set(
      own.filter((result) => result.verdict !== 'error').map((result) => result.traceHash),
    )
    return { request, results: own, isDivergent: hashes.size > 1 }
  })
}
