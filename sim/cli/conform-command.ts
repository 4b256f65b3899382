/**
 * `conform`: runs scenarios at the real level and their twins in the virtual world, and says where the two disagree.
 * Real runs take minutes, so they can be kept in a file and added to; the virtual ones are made anew each time.
 */

import { resolve } from 'node:path'
import { calibrationSetOf } from '../conform/calibration-sets.ts'
import { compareLevels } from '../conform/conformity.ts'
import type { Conformity } from '../conform/conformity.ts'
import { observe, versionOf } from '../conform/observation.ts'
import type { Observation } from '../conform/observation.ts'
import { readObservations, writeObservations } from '../conform/observations-file.ts'
import { twinOf } from '../conform/twin.ts'
import { NOT_JUDGED } from '../real/not-judged.ts'
import { conformJson, conformText, outdatedText, starvedText } from '../report/conform-report.ts'
import { Progress } from '../report/progress.ts'
import type { Scenario } from '../scenario.ts'
import { durationMsOf } from '../world/run-result.ts'
import type { RunResult } from '../world/run-result.ts'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import type { LabEnvironment, PostgresKind } from './lab-environment.ts'
import { LabProblem } from './lab-problem.ts'
import { prepareReal } from './prepare-real.ts'
import { checkPlace } from './run-command.ts'
import { selectScenarios } from './select-scenarios.ts'
import { openPool, openWorkshop } from './workshop.ts'
import type { WorkerPool } from './worker-pool.ts'
import type { RunJob } from './worker-protocol.ts'
import { writeAtomically } from './write-atomically.ts'

export interface ConformOptions {
  /** False and no names: the scenarios that the memory model is fitted and judged on. */
  readonly all: boolean
  /** Real runs of each scenario, kept ones included; 0: only what is kept. */
  readonly runs: number
  /** How many real ones beside each other. */
  readonly jobs: number
  readonly postgres: PostgresKind
  readonly observationsFile: string | undefined
  readonly jsonFile: string | undefined
}

/** Compared with so many runs of the twin, which take a second together. */
export const VIRTUAL_RUNS = 10
/** Memory is read so often at both levels: a ramp of 40 MB/s is 20 MB further. */
export const MEMORY_EVERY_MS = 500

/**
 * Runnable processes a core, over the last minute, above which a real run says nothing about the bot: of 31 runs with
 * more, 8 left commands unanswered at their end, of 60 with at most so many none.
 */
export const MOST_LOAD_PER_CORE = 4

/** A scenario and what stands for it in the virtual world. */
export interface Pairing {
  readonly scenario: Scenario
  readonly twin: Scenario
}

export interface Uncompared {
  readonly scenario: string
  readonly reasons: readonly string[]
}

/** @throws LabProblem, InfrastructureError, Interrupted */
export async function conformCommand(
  environment: LabEnvironment,
  selectors: readonly string[],
  options: ConformOptions,
): Promise<ExitCode> {
  const { terminal, lifetime, directory } = environment
  checkPlace(directory, '--json', options.jsonFile)
  checkPlace(directory, '--observations', options.observationsFile)
  const { pairings, uncompared } = pairUp(await select(environment, selectors, options.all), selectors)
  const path = options.observationsFile && resolve(directory, options.observationsFile)
  const { kept, outdated, starved } = sorted(path === undefined ? [] : readObservations(path), pairings)
  if (outdated.length > 0) terminal.write(outdatedText(outdated))
  if (starved.length > 0) terminal.write(starvedText(starved, MOST_LOAD_PER_CORE))
  const real = await lifetime.unlessInterrupted(observeReal(environment, pairings, options, kept, path))
  const virtual = await lifetime.unlessInterrupted(observeTwins(environment, pairings, real))
  const notJudged = new Set<string>(Object.keys(NOT_JUDGED))
  const conformities = pairings.flatMap(({ scenario }): Conformity[] => {
    const ofScenario = (each: Observation): boolean => each.scenario === scenario.id
    const [atReal, inVirtual] = [real.filter(ofScenario), virtual.filter(ofScenario)]
    return atReal.length === 0 || inVirtual.length === 0 ? [] : [compareLevels(atReal, inVirtual, notJudged)]
  })
  const report = { conformities, uncompared, real }
  if (options.jsonFile !== undefined)
    writeAtomically(resolve(directory, options.jsonFile), conformJson(report))
  terminal.write(conformText(report, terminal.colors))
  return exitCodeOfVerdicts(new Set(conformities.map(({ verdict }) => verdict)))
}

/** Without any comparison, or with one that is not whole, nothing is proved. */
function exitCodeOfVerdicts(verdicts: ReadonlySet<Conformity['verdict']>): ExitCode {
  if (verdicts.has('disagrees')) return EXIT.broken
  return verdicts.has('undecided') || verdicts.size === 0 ? EXIT.vacuous : EXIT.holds
}

async function select(
  { engine, directory }: LabEnvironment,
  selectors: readonly string[],
  all: boolean,
): Promise<Scenario[]> {
  const selected = await selectScenarios(engine.scenarios, selectors, directory)
  if (all || selectors.length > 0) return selected.filter(({ real }) => real !== undefined || !all)
  return selected.filter(({ id }) => calibrationSetOf(id) !== undefined)
}

function pairUp(
  scenarios: readonly Scenario[],
  selectors: readonly string[],
): { readonly pairings: Pairing[]; readonly uncompared: Uncompared[] } {
  const pairings: Pairing[] = []
  const uncompared: Uncompared[] = []
  for (const scenario of scenarios) {
    const twin = twinOf(scenario)
    if ('scenario' in twin) pairings.push({ scenario, twin: twin.scenario })
    else uncompared.push({ scenario: scenario.id, reasons: twin.reasons })
  }
  const [first] = uncompared
  if (pairings.length > 0 || first === undefined) return { pairings, uncompared }
  throw new LabProblem({
    what: `${first.scenario} cannot be compared: ${first.reasons.join('; ')}`,
    where: ['conform', ...selectors].join(' '),
    mend: 'name a scenario that runs at both levels; `npm run lab -- list` shows them',
  })
}

/** Runs of a scenario as it is no longer say nothing about it; runs of scenarios that were not asked for stay. */
function sorted(
  runs: readonly Observation[],
  pairings: readonly Pairing[],
): Readonly<Record<'kept' | 'outdated' | 'starved', Observation[]>> {
  const versions = new Map(pairings.map(({ scenario }) => [scenario.id, versionOf(scenario)]))
  const isOutdated = ({ scenario, version }: Observation): boolean =>
    (versions.get(scenario) ?? version) !== version
  const counted = runs.filter((each) => !isStarved(each))
  return {
    kept: counted.filter((each) => !isOutdated(each)),
    outdated: counted.filter(isOutdated),
    starved: runs.filter(isStarved),
  }
}

/** By the machine's load alone, whatever the verdict. */
export function isStarved({ loadPerCore }: Observation): boolean {
  return (loadPerCore ?? 0) > MOST_LOAD_PER_CORE
}

/** Kept observations of the pairings and, until there are as many as asked for, new ones. */
async function observeReal(
  environment: LabEnvironment,
  pairings: readonly Pairing[],
  { runs, jobs: lanes, postgres }: ConformOptions,
  kept: readonly Observation[],
  path: string | undefined,
): Promise<Observation[]> {
  const observations = [...kept]
  const starved: Observation[] = []
  const isKept = (scenario: string, seed: number): boolean =>
    observations.some((each) => each.scenario === scenario && each.seed === seed)
  // Round by round, so that a campaign cut short has some of everything.
  const jobs = Array.from({ length: runs }, (_, index) => index + 1).flatMap((seed) =>
    pairings
      .filter(({ scenario }) => !isKept(scenario.id, seed))
      .map(({ scenario }) => jobOf(scenario, 'real', seed)),
  )
  if (jobs.length === 0) return observations
  await prepareReal(environment, 'bot')
  const { pool } = await openWorkshop(environment, {
    postgres,
    needsDatabase: true,
    isReal: true,
    workers: lanes,
  })
  const progress = new Progress(
    environment.terminal,
    jobs.map(({ request }) => request),
  )
  try {
    await runInOrder(jobs, lanes, pool, progress, (job, result) => {
      const { scenario } = job.request
      const seen = observe(scenario, result, durationMsOf(job.request), environment.engine.loadPerCore())
      if (seen === undefined) return
      if (isStarved(seen)) return void starved.push(seen)
      observations.push(seen)
      if (path !== undefined) writeObservations(path, observations)
    })
  } finally {
    progress.stop()
  }
  if (starved.length > 0) environment.terminal.write(starvedText(starved, MOST_LOAD_PER_CORE))
  return observations
}

/** In the order of the jobs, which a pool left to itself turns into the longest first. */
async function runInOrder(
  jobs: readonly RunJob[],
  lanes: number,
  pool: WorkerPool,
  progress: Progress,
  onResult: (job: RunJob, result: RunResult) => void,
): Promise<void> {
  const queue = jobs.entries()
  const lane = async (): Promise<void> => {
    for (const [index, job] of queue) {
      await pool.run([job], {
        started: () => progress.started(index),
        progressed: (_, atMs) => progress.progressed(index, atMs),
        finished: (_, result) => {
          progress.finished(index, result)
          onResult(job, result)
        },
      })
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

/** At `model`: the same trace as at `virtual`, hash by hash, and no database. */
async function observeTwins(
  environment: LabEnvironment,
  pairings: readonly Pairing[],
  real: readonly Observation[],
): Promise<Observation[]> {
  const asked = pairings.filter(({ scenario }) => real.some((each) => each.scenario === scenario.id))
  const jobs = asked.flatMap(({ scenario, twin }) =>
    Array.from({ length: VIRTUAL_RUNS }, (_, index) => ({ scenario, ...jobOf(twin, 'model', index + 1) })),
  )
  if (jobs.length === 0) return []
  const results: RunResult[] = await openPool(environment, undefined, { size: environment.cores }).run(jobs)
  return results.flatMap((result, index) => {
    const job = jobs[index]
    return job === undefined ? [] : (observe(job.scenario, result, durationMsOf(job.request)) ?? [])
  })
}

function jobOf(scenario: Scenario, level: 'real' | 'model', seed: number): RunJob {
  return {
    request: { scenario, level, seed, target: 'bot', memoryEveryMs: MEMORY_EVERY_MS },
    keepLines: Number.MAX_SAFE_INTEGER,
    sendsLinesAlways: true,
  }
}
