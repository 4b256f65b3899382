/** Runs that were measured before, and the scenarios they ran under, as the lab has them now. */

import { resolve } from 'node:path'
import { readMeasurements } from '../assertions/measurements-file.ts'
import type { Measurements } from '../assertions/measurements.ts'
import type { Scenario } from '../scenario.ts'
import { LabProblem } from './lab-problem.ts'

export interface EarlierRuns {
  /** In the order of the lab's own list. */
  readonly scenarios: readonly Scenario[]
  readonly runs: readonly Measurements[]
}

/** @throws LabProblem when a file is none of measurements, or has a run of a scenario that is not known any more */
export function readEarlier(
  directory: string,
  known: readonly Scenario[],
  files: readonly string[],
): EarlierRuns {
  const read = files.map((file) => ({ file, runs: readMeasurements(resolve(directory, file)) }))
  for (const { file, runs } of read) {
    const unknown = runs.find(({ scenario }) => !known.some(({ id }) => id === scenario))
    if (unknown === undefined) continue
    throw new LabProblem({
      what: `there is no scenario "${unknown.scenario}"`,
      where: file,
      mend: 'measure again: npm run lab -- compare --measurements FILE',
    })
  }
  const runs = read.flatMap((each) => each.runs)
  return { scenarios: known.filter(({ id }) => runs.some(({ scenario }) => scenario === id)), runs }
}
