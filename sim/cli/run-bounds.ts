/** The bounds of `run`: read before anything starts, and only where somebody measures from outside. */

import { readBounds } from '../assertions/bounds.ts'
import type { Bounds } from '../assertions/bounds.ts'
import { LabProblem } from './lab-problem.ts'
import type { RunOptions } from './run-command.ts'

type BoundOptions = Pick<RunOptions, 'level' | 'minutes' | 'assert' | 'baselineFile' | 'measurementsFile'>

/** @throws LabProblem for wrong bounds, a baseline that cannot be read, or a level that does not measure */
export function openBounds(directory: string, options: BoundOptions): Bounds {
  const { level, minutes, assert, baselineFile, measurementsFile } = options
  const bounds = readBounds(directory, { assert, baseline: baselineFile })
  const asked = [
    ...assert.map((bound) => `--assert '${bound}'`),
    ...(baselineFile === undefined ? [] : [`--baseline ${baselineFile}`]),
    ...(measurementsFile === undefined ? [] : [`--measurements ${measurementsFile}`]),
    ...(minutes === undefined ? [] : [`--minutes ${minutes}`]),
  ]
  if (level === 'real' || asked.length === 0) return bounds
  throw new LabProblem({
    what: 'only real processes are measured from outside, and last as long as one says',
    where: asked.join(' '),
    mend: 'add --level real; in virtual time the claims of the scenarios are judged',
  })
}
