/** Measurements in a file: what `--measurements` writes and `--baseline` reads. Another format is refused. */

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { errorMessageOf } from '../../src/errors.ts'
import { LabProblem } from '../cli/lab-problem.ts'
import { describeIssues } from '../cli/schema-problem.ts'
import { writeAtomically } from '../cli/write-atomically.ts'
import { MEASUREMENTS_FORMAT, measurementsFileSchema } from './measurements.ts'
import type { Measurements } from './measurements.ts'

const MAKE_ANEW = 'make it anew: npm run lab -- run … --level real --measurements FILE'

export function writeMeasurements(path: string, runs: readonly Measurements[]): void {
  writeAtomically(path, `${JSON.stringify({ format: MEASUREMENTS_FORMAT, runs })}\n`)
}

/**
 * @returns at least one run
 * @throws LabProblem when it cannot be read, is no measurements file, or is one of another format
 */
export function readMeasurements(path: string): readonly Measurements[] {
  const value = parseJson(path, readText(path))
  const format = z.looseObject({ format: z.number(), runs: z.array(z.unknown()) }).safeParse(value)
  if (!format.success) throw problem(path, 'this is JSON, but not a file of measurements', MAKE_ANEW)
  if (format.data.format !== MEASUREMENTS_FORMAT) {
    throw problem(
      path,
      `these measurements have format ${format.data.format}, and this lab reads format ${MEASUREMENTS_FORMAT} only`,
      MAKE_ANEW,
    )
  }
  const parsed = measurementsFileSchema.safeParse(value)
  if (parsed.success) return parsed.data.runs
  throw problem(
    path,
    ['the measurements have wrong fields', ...describeIssues(parsed.error)].join('\n    '),
    MAKE_ANEW,
  )
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw problem(path, `the measurements cannot be read: ${errorMessageOf(error)}`, MAKE_ANEW)
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw problem(path, `the measurements are not whole JSON: ${errorMessageOf(error)}`, MAKE_ANEW)
  }
}

function problem(path: string, what: string, mend: string): LabProblem {
  return new LabProblem({ what, where: path, mend })
}
