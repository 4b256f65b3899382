/**
 * The file in which observations of real runs are kept. They cost minutes each, so it is written after every run, and
 * a run that it holds is not made again.
 */

import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { errorMessageOf } from '../../src/errors.ts'
import { LabProblem } from '../cli/lab-problem.ts'
import { describeIssues } from '../cli/schema-problem.ts'
import { writeAtomically } from '../cli/write-atomically.ts'
import { observationSchema } from './observation.ts'
import type { Observation } from './observation.ts'

export const OBSERVATIONS_FORMAT = 2

const fileSchema = z.strictObject({
  format: z.literal(OBSERVATIONS_FORMAT),
  observations: z.array(observationSchema.extend({ level: z.literal('real') })),
})

/** A file that is not there yet holds nothing. @throws LabProblem for one that cannot be read as such */
export function readObservations(path: string): Observation[] {
  if (!existsSync(path)) return []
  const wrong = (what: string): LabProblem =>
    new LabProblem({
      what,
      where: `--observations ${path}`,
      mend: 'give a file that `conform --observations` has written, or one that is not there yet',
    })
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw wrong(`the observations cannot be read: ${errorMessageOf(error)}`)
  }
  const parsed = fileSchema.safeParse(content)
  if (!parsed.success) throw wrong(`no file of observations: ${describeIssues(parsed.error).join('; ')}`)
  return parsed.data.observations
}

/** One observation a line, so that two versions can be compared. */
export function writeObservations(path: string, observations: readonly Observation[]): void {
  const lines = observations
    .toSorted((a, b) => a.scenario.localeCompare(b.scenario) || a.seed - b.seed)
    .map((observation) => `    ${JSON.stringify(observation)}`)
  const text = `{\n  "format": ${OBSERVATIONS_FORMAT},\n  "observations": [\n${lines.join(',\n')}\n  ]\n}\n`
  writeAtomically(path, text)
}
