/**
 * `run`: plans, runs everything on the workers, and reports. It writes a run file for each failure while the
 * rest still runs, and the JSON report once, at the end.
 */

import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { checkBaseline, exitCodeOfJudgements, judgeBounds, needCollections } from '../assertions/bounds.ts'
import { writeMeasurements } from '../assertions/measurements-file.ts'
import { assertionsText } from '../report/assertion-report.ts'
import { jsonReport } from '../report/json-report.ts'
import { Progress } from '../report/progress.ts'
import { divergenceText, notDeterministicTitle } from '../report/divergence-report.ts'
import { failuresText, headingText, notesText, summaryText } from '../report/run-report.ts'
import { runTable } from '../report/run-table.ts'
import type { Level } from '../scenario.ts'
import type { RunRequest, RunResult, TargetOptions } from '../world/run-result.ts'
import { findDivergence } from './divergence.ts'
import { exitCodeOf } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import type { LabEnvironment, PostgresKind } from './lab-environment.ts'
import { LabProblem } from './lab-problem.ts'
import { judgeGroups, planRuns } from './plan.ts'
import type { GroupOutcome } from './plan.ts'
import { writeRunFile } from './run-file.ts'
import { checkTarget, lastingMinutes, prepareReal, scenariosAt } from './prepare-real.ts'
import { selectScenarios } from './select-scenarios.ts'
import { readVersions } from './versions.ts'
import type { WorkerPool } from './worker-pool.ts'
import type { RunJob } from './worker-protocol.ts'
import { openWorkshop } from './workshop.ts'
import { openBounds } from './run-bounds.ts'
import { writeAtomically } from './write-atomically.ts'

export interface RunOptions {
  readonly level: Level | undefined
  readonly seeds: readonly number[]
  readonly target: string
  readonly targetFolder: string | undefined
  readonly targetEnvFile: string | undefined
  readonly targetImage: string | undefined
  readonly repeat: number
  readonly postgres: PostgresKind
  readonly jsonFile: string | undefined
  /** How many runs beside each other; undefined: as many as suit the level. */
  readonly jobs: number | undefined
  /** Real runs last at least so long. */
  readonly minutes: number | undefined
  /** Bounds as they were written. */
  readonly assert: readonly string[]
  readonly baselineFile: string | undefined
  readonly measurementsFile: string | undefined
}

/** More workers than this only crowd one Postgres server. */
const MAX_DEFAULT_JOBS = 8
/** How many of the runs that differ are run again to show where: each costs two further runs and more. */
const MAX_SHOWN_DIVERGENCES = 3

/**
 * @param selectors ids, families or files; none means all scenarios
 * @throws LabProblem, InfrastructureError, Interrupted
 */
export async function runCommand(
  environment: LabEnvironment,
  selectors: readonly string[],
  options: RunOptions,
): Promise<ExitCode> {
  const { terminal, lifetime, directory } = environment
  const { colors } = terminal
  checkPlace(directory, '--json', options.jsonFile)
  checkPlace(directory, '--measurements', options.measurementsFile)
  const bounds = openBounds(directory, options)
  const selected = await selectScenarios(environment.engine.scenarios, selectors, directory)
  const scenarios = lastingMinutes(scenariosAt(options.level, selected, selectors), options.minutes)
  checkBaseline(
    bounds,
    scenarios.map(({ id }) => id),
  )
  const targetOptions = targetOptionsOf(directory, options)
  const collectsGarbage = needCollections(bounds)
  const plan = planRuns({ ...options, targetOptions, scenarios, collectsGarbage })
  const isReal = plan.groups.some(({ request }) => request.level === 'real')
  const workers = Math.min(options.jobs ?? defaultJobs(isReal, environment.cores), plan.jobs.length)
  checkTarget(options.target, isReal, targetOptions)
  if (isReal) await prepareReal(environment, options.target, targetOptions.image)
  const workshop = await openWorkshop(environment, {
    ...options,
    needsDatabase: plan.needsDatabase,
    isReal,
    workers,
  })
  terminal.write(headingText({ plan, repeat: options.repeat, workers, postgres: workshop.postgres }))

  const startedMs = performance.now()
  const { results, paths } = await runJobs(environment, plan.jobs, workshop.pool)
  const wallMs = performance.now() - startedMs
  const outcomes = judgeGroups(plan.groups, results)
  const measured = results.flatMap(({ measurements }) => measurements ?? [])
  const judgements = judgeBounds(bounds, measured)
  if (options.jsonFile !== undefined)
    writeAtomically(resolve(directory, options.jsonFile), jsonReport(results, judgements))
  if (options.measurementsFile !== undefined && measured.length > 0)
    writeMeasurements(resolve(directory, options.measurementsFile), measured)
  terminal.write(`\n${runTable(outcomes, colors)}\n`)
  terminal.write(failuresText(outcomes, paths, colors))
  await lifetime.unlessInterrupted(showDivergences(environment, outcomes, workshop.pool))
  terminal.write(assertionsText(judgements, colors))
  terminal.write(notesText(outcomes, colors))
  terminal.write(summaryText(outcomes, wallMs, colors))
  return exitCodeOf(
    results,
    outcomes.every((outcome) => !outcome.isDivergent),
    exitCodeOfJudgements(judgements),
  )
}

/** Real runs share the machine's time: only who asks for it has them measured beside each other. */
export function defaultJobs(isReal: boolean, cores: number): number {
  return isReal ? 1 : Math.min(MAX_DEFAULT_JOBS, cores)
}

function targetOptionsOf(
  directory: string,
  {
    targetFolder,
    targetEnvFile,
    targetImage,
  }: Pick<RunOptions, 'targetFolder' | 'targetEnvFile' | 'targetImage'>,
): TargetOptions {
  return {
    folder: resolve(directory, targetFolder ?? '.'),
    ...(targetEnvFile !== undefined && { envFile: resolve(directory, targetEnvFile) }),
    ...(targetImage !== undefined && { image: targetImage }),
  }
}

/** The folder must be there now: an hour of runs is a bad moment to find out. */
export function checkPlace(directory: string, option: string, file: string | undefined): void {
  if (file === undefined) return
  const folder = dirname(resolve(directory, file))
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return
  throw new LabProblem({
    what: `there is no folder for the file: ${folder}`,
    where: `${option} ${file}`,
    mend: 'make the folder first, or give another path',
  })
}

export interface Outcome {
  readonly results: readonly RunResult[]
  /** Where the run file of a failed request lies. */
  readonly paths: ReadonlyMap<RunRequest, string>
}

export interface RunHooks {
  /** Whether a run that does not hold leaves a file; all do unless said. */
  readonly keeps?: (request: RunRequest) => boolean
  readonly onResult?: (result: RunResult) => void
}

export async function runJobs(
  { terminal, lifetime, directory }: LabEnvironment,
  jobs: readonly RunJob[],
  pool: WorkerPool,
  { keeps = () => true, onResult }: RunHooks = {},
): Promise<Outcome> {
  const requests = jobs.map((job) => job.request)
  const paths = new Map<RunRequest, string>()
  const versions = readVersions()
  const progress = new Progress(terminal, requests)
  const keepFailure = (index: number, result: RunResult): void => {
    const request = requests[index]
    if (request === undefined || result.verdict === 'holds' || paths.has(request) || !keeps(request)) return
    paths.set(request, writeRunFile(directory, request, result, versions))
  }
  try {
    const running = pool.run(jobs, {
      started: (index) => progress.started(index),
      progressed: (index, virtualMs) => progress.progressed(index, virtualMs),
      finished: (index, result) => {
        keepFailure(index, result)
        onResult?.(result)
        progress.finished(index, result)
      },
    })
    return { results: await lifetime.unlessInterrupted(running), paths }
  } finally {
    progress.stop()
  }
}

async function showDivergences(
  { terminal, directory }: LabEnvironment,
  outcomes: readonly GroupOutcome[],
  pool: WorkerPool,
): Promise<void> {
  const divergent = outcomes.filter((outcome) => outcome.isDivergent)
  for (const { request } of divergent.slice(0, MAX_SHOWN_DIVERGENCES)) {
    terminal.write(notDeterministicTitle(request, terminal.colors))
    const found = await findDivergence(pool, directory, request)
    if (found === undefined) {
      terminal.write('  it did not differ again in further runs; try a larger --repeat\n')
    } else {
      terminal.write(divergenceText(found, terminal.colors))
      terminal.write(`  whole traces: ${found.paths.join(' ')}\n`)
    }
  }
}
