/**
 * `run.lab.json`: one run, whole enough to be run again: the scenario's data, seed, level, target, the
 * versions it ran under, what it came to and the end of its trace. The format has a version, and a file of
 * another version is refused rather than guessed at.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { errorMessageOf } from '../../src/errors.ts'
import { LEVELS, scenarioSchema } from '../scenario.ts'
import type { RunRequest, RunResult } from '../world/run-result.ts'
import { LabProblem } from './lab-problem.ts'
import { describeIssues } from './schema-problem.ts'
import { versionsSchema } from './versions.ts'
import type { Versions } from './versions.ts'
import { writeAtomically } from './write-atomically.ts'

export const RUN_FILE_FORMAT = 1
/** How many of the last trace lines a run file holds. */
export const KEPT_LINES = 5_000
/** Where run files are written, below the working directory. */
export const LAB_FOLDER = '.lab'

const runFileSchema = z.object({
  format: z.literal(RUN_FILE_FORMAT),
  scenario: scenarioSchema,
  level: z.enum(LEVELS),
  seed: z.number().int().min(0),
  target: z.string().min(1),
  targetOptions: z
    .object({ folder: z.string(), envFile: z.string().optional(), image: z.string().optional() })
    .optional(),
  versions: versionsSchema,
  verdict: z.enum(['holds', 'broken', 'vacuous', 'error']),
  violations: z.array(z.object({ claim: z.string(), atMs: z.number(), message: z.string() })),
  traceHash: z.string(),
  traceEvents: z.number().int().min(0),
  lines: z.array(z.string()),
})
export type RunFile = z.output<typeof runFileSchema>

/** E.g. `dyno-restart-daily-cycle-7`, a name that a file system takes. */
export function runName(request: Pick<RunRequest, 'scenario' | 'seed'>): string {
  return `${request.scenario.id.replace('/', '-')}-${request.seed}`
}

/** Writes it, over an older one of the same scenario and seed. @returns its path, relative to `directory` */
export function writeRunFile(
  directory: string,
  request: RunRequest,
  result: RunResult,
  versions: Versions,
): string {
  const path = join(LAB_FOLDER, `${runName(request)}.run.lab.json`)
  const file: RunFile = {
    format: RUN_FILE_FORMAT,
    scenario: request.scenario,
    level: request.level,
    seed: request.seed,
    target: request.target,
    ...(request.targetOptions && { targetOptions: request.targetOptions }),
    versions,
    verdict: result.verdict,
    violations: [...result.violations],
    traceHash: result.traceHash,
    traceEvents: result.traceEvents,
    lines: result.lines.slice(-KEPT_LINES),
  }
  writeAtomically(join(directory, path), `${JSON.stringify(file, undefined, 1)}\n`)
  return path
}

/** @throws LabProblem when it cannot be read, is no whole run file, or is of another format */
export function readRunFile(path: string): RunFile {
  const value = parseJson(path, readText(path))
  const format = z.looseObject({ format: z.number() }).safeParse(value)
  if (!format.success) {
    throw problem(
      path,
      'this is JSON, but not a run file of the lab',
      'give a .run.lab.json file that `run` wrote',
    )
  }
  if (format.data.format !== RUN_FILE_FORMAT) {
    throw problem(
      path,
      `this run file has format ${format.data.format}, and this lab reads format ${RUN_FILE_FORMAT} only`,
      'replay it with the version of the lab that wrote it, or run its scenario and seed again',
    )
  }
  const parsed = runFileSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw problem(
    path,
    ['the run file has wrong fields', ...describeIssues(parsed.error)].join('\n    '),
    'run its scenario and seed again; run files are not meant to be edited by hand',
  )
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw problem(
      path,
      `the run file cannot be read: ${errorMessageOf(error)}`,
      'look under .lab for run files',
    )
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const isTruncated = text.trim() === '' || !text.trimEnd().endsWith('}')
    const what = isTruncated
      ? `the run file is truncated: it ends after ${text.length} characters, in the middle`
      : `the run file is not JSON: ${errorMessageOf(error)}`
    throw problem(path, what, 'copy it again, whole, or run its scenario and seed again')
  }
}

function problem(path: string, what: string, mend: string): LabProblem {
  return new LabProblem({ what, where: path, mend })
}
