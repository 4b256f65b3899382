/**
 * `kill-sweep`: plans the points, runs them on lanes, and reports. A point that does not hold leaves a file that runs
 * it again, written while the rest still runs.
 */

import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { KillPoint } from '../kill-sweep/kill-point.ts'
import { VICTIMS } from '../kill-sweep/kill-point.ts'
import type { PointOutcome } from '../kill-sweep/point-outcome.ts'
import { planPoints } from '../kill-sweep/plan-points.ts'
import { WRITE_OPERATIONS } from '../kill-sweep/write-operations.ts'
import {
  failedPointText,
  sweepHeading,
  sweepJson,
  sweepSummary,
  sweepTable,
} from '../report/kill-sweep-report.ts'
import type { SweepResult } from '../report/kill-sweep-report.ts'
import { SweepProgress } from '../report/kill-sweep-progress.ts'
import { PrngStream } from '../world/prng.ts'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { readPoint, writePointFile } from './kill-point-file.ts'
import type { LabEnvironment, PostgresKind } from './lab-environment.ts'
import { LabProblem } from './lab-problem.ts'
import { prepareReal } from './prepare-real.ts'
import { readVersions } from './versions.ts'
import { writeAtomically } from './write-atomically.ts'

export interface KillSweepOptions {
  readonly points: number
  /** The text of a point, or the path of a file; undefined for all in turn. */
  readonly point: string | undefined
  readonly seed: number
  readonly lanes: number
  readonly postgres: PostgresKind
  readonly mutant: string | undefined
  readonly jsonFile: string | undefined
}

/** @throws LabProblem, InfrastructureError, Interrupted */
export async function killSweepCommand(
  environment: LabEnvironment,
  options: KillSweepOptions,
): Promise<ExitCode> {
  const { engine, terminal, lifetime, directory, databaseUrl } = environment
  checkPlaces(environment, options)
  const points = pointsOf(environment, options)
  const lanes = Math.min(options.lanes, points.length)
  await prepareReal(environment, 'bot')
  const outcomes: PointOutcome[] = []
  const progress = new SweepProgress(terminal, points.length)
  const versions = readVersions()
  const keep = (outcome: PointOutcome, lines: readonly string[]): void => {
    outcomes.push(outcome)
    progress.judged(outcome)
    if (outcome.verdict === 'holds') return
    const path = writePointFile(directory, { outcome, lines, versions, ...options })
    progress.print(failedPointText(outcome, path, terminal.colors))
  }
  const sweep = await engine.createKillSweep({
    points,
    lanes,
    seed: options.seed,
    postgres: options.postgres,
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    mutant: options.mutant,
    onOutcome: keep,
  })
  lifetime.own(() => sweep.stop())
  const startedMs = performance.now()
  terminal.write(sweepHeading({ ...options, points: points.length, lanes, settings: sweep.settings }))
  progress.start()
  const result = (): SweepResult => ({
    outcomes,
    wallMs: Math.round(performance.now() - startedMs),
    lanes,
    settings: sweep.settings,
  })
  try {
    await lifetime.unlessInterrupted(sweep.run())
  } finally {
    progress.stop()
    // Also of a sweep that is cut off: half an hour of judged points is worth a table.
    if (outcomes.length > 0)
      terminal.write(`\n${sweepTable(outcomes, terminal.colors)}${sweepSummary(result(), terminal.colors)}`)
  }
  if (options.jsonFile !== undefined)
    writeAtomically(resolve(directory, options.jsonFile), sweepJson({ ...options, ...result() }))
  return exitCodeOf(outcomes)
}

function exitCodeOf(outcomes: readonly PointOutcome[]): ExitCode {
  if (outcomes.some(({ verdict }) => verdict === 'broken')) return EXIT.broken
  return outcomes.some(({ verdict }) => verdict === 'vacuous') ? EXIT.vacuous : EXIT.holds
}

/** Before anything is started. */
function checkPlaces(
  { directory, databaseUrl }: LabEnvironment,
  { jsonFile, postgres }: KillSweepOptions,
): void {
  if (jsonFile !== undefined) {
    const folder = dirname(resolve(directory, jsonFile))
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new LabProblem({
        what: `there is no folder for the JSON report: ${folder}`,
        where: `--json ${jsonFile}`,
        mend: 'make the folder first, or give another path',
      })
    }
  }
  if (postgres === 'url' && (databaseUrl ?? '') === '') {
    throw new LabProblem({
      what: '--postgres url needs DATABASE_URL, and it is not set',
      where: 'the environment',
      mend: 'set DATABASE_URL=postgres://user:password@host:5432/database, or leave --postgres out',
    })
  }
}

function pointsOf({ directory }: LabEnvironment, options: KillSweepOptions): KillPoint[] {
  const { points, postgres, seed } = options
  if (options.point !== undefined) {
    const point = readPoint(options.point, directory)
    if (point.victim === 'postgres' && postgres === 'url') {
      throw new LabProblem({
        what: 'a Postgres by URL is not ours to kill',
        where: `--point ${options.point} --postgres url`,
        mend: 'take --postgres embedded or container, or another victim',
      })
    }
    return Array.from({ length: points }, () => point)
  }
  return planPoints({
    operations: WRITE_OPERATIONS,
    victims: VICTIMS.filter((victim) => victim !== 'postgres' || postgres !== 'url'),
    points,
    random: new PrngStream(`kill-sweep/${seed}`),
  })
}
