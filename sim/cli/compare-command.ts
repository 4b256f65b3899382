/**
 * `compare`: the bot and another one under the same scenarios at the real level, several times, in turn, so that
 * whatever the machine does meanwhile is shared. Its exit code is about the own bot; the other one may fail as it likes.
 */

import { resolve } from 'node:path'
import type { Measurements } from '../assertions/measurements.ts'
import { writeMeasurements } from '../assertions/measurements-file.ts'
import { countText } from '../report/durations.ts'
import {
  exitWordOf,
  publishedJson,
  publishedMarkdown,
  publishedText,
} from '../report/published-comparison.ts'
import type { PublishedComparison } from '../report/published-comparison.ts'
import { failureText } from '../report/run-report.ts'
import type { Scenario } from '../scenario.ts'
import type { RunRequest, RunResult } from '../world/run-result.ts'
import { compareRuns, OWN } from './compare-runs.ts'
import { readEarlier } from './earlier-runs.ts'
import { EXIT, exitCodeOf } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import type { LabEnvironment, PostgresKind } from './lab-environment.ts'
import { checkTarget, prepareReal, scenariosAt } from './prepare-real.ts'
import { checkPlace, runJobs } from './run-command.ts'
import { KEPT_LINES } from './run-file.ts'
import { selectScenarios } from './select-scenarios.ts'
import { openWorkshop } from './workshop.ts'
import { writeAtomically } from './write-atomically.ts'

export interface CompareOptions {
  readonly runs: number
  /** How many beside each other. */
  readonly jobs: number
  /** The bot beside ours. */
  readonly against: string
  readonly postgres: PostgresKind
  /** Files of measurements: nothing is run, and these are compared. */
  readonly from: readonly string[]
  readonly markdownFile: string | undefined
  readonly jsonFile: string | undefined
  readonly measurementsFile: string | undefined
}

/** Where the published comparison is written, unless told otherwise. */
const PUBLISHED = { markdown: 'docs/results/compare.md', json: 'docs/results/compare.json' }
/** What it is made of: a trial never takes its place. */
export const PUBLISHED_RUNS = 10
export const PUBLISHED_AGAINST = 'before'
const PUBLISHED_SUBSET = 'compare'

/** Said before the time is spent. */
const UNPUBLISHED = `no file is written; name them with --markdown FILE and --json FILE (docs/results is for ${PUBLISHED_RUNS} runs of the published scenarios against ${PUBLISHED_AGAINST})\n`

/** Heroku's samples are 20 s apart, and a burst may be over between two of them. */
const READ_MEMORY_EVERY_MS = 1_000

interface Files {
  readonly markdown: string | undefined
  readonly json: string | undefined
  readonly measurements: string | undefined
}

/**
 * @param selectors ids, families or files; none: the published scenarios
 * @throws LabProblem, InfrastructureError, Interrupted
 */
export async function compareCommand(
  environment: LabEnvironment,
  selectors: readonly string[],
  options: CompareOptions,
): Promise<ExitCode> {
  const { directory, engine } = environment
  const isOfAll = selectors.length === 0 && options.from.length === 0
  const isPublished = isOfAll && options.runs === PUBLISHED_RUNS && options.against === PUBLISHED_AGAINST
  const files = filesOf(options, isPublished)
  for (const [option, file] of Object.entries(files)) checkPlace(directory, `--${option}`, file)
  const sides = [options.against, OWN]
  if (options.from.length > 0) {
    const { scenarios, runs } = readEarlier(directory, engine.scenarios, options.from)
    return publish(environment, files, compareRuns(scenarios, sides, runs), [])
  }
  checkTarget(options.against, true, { folder: directory })
  const names = isOfAll ? (engine.subsets[PUBLISHED_SUBSET] ?? []) : selectors
  const scenarios = scenariosAt('real', await selectScenarios(engine.scenarios, names, directory), names)
  if (files.markdown === undefined && files.json === undefined) environment.terminal.write(UNPUBLISHED)
  const measured: Measurements[] = []
  const { results, paths } = await runAll(environment, scenarios, sides, options, ({ measurements }) => {
    if (measurements === undefined) return
    measured.push(measurements)
    // Hours of runs: what is measured stays measured when they are cut short.
    if (files.measurements !== undefined) writeMeasurements(resolve(directory, files.measurements), measured)
  })
  const failures = results.filter(isFailure)
  const texts = failures.map((each) => failureText(each, pathOf(paths, each), environment.terminal.colors))
  const code = publish(environment, files, compareRuns(scenarios, sides, measured), texts)
  return exitCodeOf(failures, true, code)
}

async function runAll(
  environment: LabEnvironment,
  scenarios: readonly Scenario[],
  sides: readonly string[],
  { runs, jobs: workers, postgres }: CompareOptions,
  onResult: (result: RunResult) => void,
) {
  await prepareReal(environment, OWN)
  const { pool } = await openWorkshop(environment, {
    postgres,
    needsDatabase: true,
    isReal: true,
    workers,
  })
  // Side by side in time, too: the nth run of the one is followed by the nth of the other.
  const requests = scenarios.flatMap((scenario) =>
    Array.from({ length: runs }, (_, index) => index + 1).flatMap((seed) =>
      sides.map((target): RunRequest => ({
        scenario,
        level: 'real',
        seed,
        target,
        targetOptions: { folder: environment.directory },
        memoryEveryMs: READ_MEMORY_EVERY_MS,
      })),
    ),
  )
  const lastsMs = requests.reduce((sum, { scenario }) => sum + (scenario.real?.durationMs ?? 0), 0)
  const what = `${countText(scenarios.length, 'scenario')}, ${countText(runs, 'run')} of each and side`
  environment.terminal.write(
    `${sides.join(' and ')}: ${what}, ${Math.ceil(lastsMs / workers / 60_000)} minutes of real time\n`,
  )
  const jobs = requests.map((request) => ({ request, keepLines: KEPT_LINES, sendsLinesAlways: false }))
  return runJobs(environment, jobs, pool, { keeps: ({ target }) => target === OWN, onResult })
}

function publish(
  { terminal, directory }: LabEnvironment,
  { markdown, json }: Files,
  published: PublishedComparison,
  failureTexts: readonly string[],
): ExitCode {
  if (json !== undefined) writeAtomically(resolve(directory, json), publishedJson(published))
  if (markdown !== undefined) writeAtomically(resolve(directory, markdown), publishedMarkdown(published))
  terminal.write(publishedText(published, terminal.colors))
  for (const text of failureTexts) terminal.write(text)
  return EXIT[exitWordOf(published)]
}

function filesOf({ markdownFile, jsonFile, measurementsFile }: CompareOptions, isPublished: boolean): Files {
  return {
    markdown: markdownFile ?? (isPublished ? PUBLISHED.markdown : undefined),
    json: jsonFile ?? (isPublished ? PUBLISHED.json : undefined),
    measurements: measurementsFile,
  }
}

/** What the other bot breaks is in the tables; that it could not be run at all is a failure. */
function isFailure({ target, verdict }: RunResult): boolean {
  return verdict === 'error' || (target === OWN && verdict !== 'holds')
}

function pathOf(paths: ReadonlyMap<RunRequest, string>, { scenario, seed, target }: RunResult) {
  for (const [request, path] of paths) {
    if (request.scenario.id === scenario && request.seed === seed && request.target === target) return path
  }
  return undefined
}
