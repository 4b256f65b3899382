/**
 * A kill point on the command line: as text, or as the file that a failure left. The file also holds what happened, so
 * that it can be looked into where the sweep does not run.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { errorMessageOf } from '../../src/errors.ts'
import { MOMENTS, VICTIMS, parsePoint, pointText } from '../kill-sweep/kill-point.ts'
import type { KillPoint } from '../kill-sweep/kill-point.ts'
import type { PointOutcome } from '../kill-sweep/point-outcome.ts'
import { WRITE_OPERATIONS } from '../kill-sweep/write-operations.ts'
import { LabProblem } from './lab-problem.ts'
import { LAB_FOLDER } from './run-file.ts'
import type { Versions } from './versions.ts'
import { writeAtomically } from './write-atomically.ts'

const FORMAT = 1
const fileSchema = z.looseObject({ format: z.literal(FORMAT), killPoint: z.string() })

export interface PointFile {
  readonly outcome: PointOutcome
  /** The dyno's last log lines. */
  readonly lines: readonly string[]
  readonly seed: number
  readonly mutant: string | undefined
  readonly versions: Versions
}

/** Writes it, over an older one of the same point. @returns its path, relative to `directory` */
export function writePointFile(directory: string, file: PointFile): string {
  const { outcome, lines, seed, mutant, versions } = file
  const { point, verdict, violations } = outcome
  const text = pointText(point)
  const path = join(LAB_FOLDER, `kill-point-${text.replaceAll('/', '-')}.json`)
  const content = {
    format: FORMAT,
    killPoint: text,
    seed,
    ...(mutant === undefined ? {} : { mutant }),
    versions,
    verdict,
    violations,
    lines,
  }
  writeAtomically(join(directory, path), `${JSON.stringify(content, undefined, 1)}\n`)
  return path
}

/** @param words a point's text, or a path. @throws LabProblem when it is neither, or no such write is known */
export function readPoint(words: string, directory: string): KillPoint {
  const path = resolve(directory, words)
  const text = words.endsWith('.json') || existsSync(path) ? readPointFile(path) : words
  const point = parsePoint(text)
  if (point !== undefined && WRITE_OPERATIONS.some(({ name }) => name === point.operation)) return point
  throw new LabProblem({
    what: `"${text}" is no kill point`,
    where: `--point ${words}`,
    mend: `give VICTIM/WRITE/MOMENT[/OCCURRENCE[/DELAY]]: ${VICTIMS.join(', ')}; ${WRITE_OPERATIONS.map(
      ({ name }) => name,
    ).join(', ')}; ${MOMENTS.join(', ')} (late: bot only; a delay for a supervisor: answered only)`,
  })
}

function readPointFile(path: string): string {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).killPoint
  } catch (error) {
    const reason = error instanceof z.ZodError ? 'it is no file of a kill point' : errorMessageOf(error)
    throw new LabProblem({
      what: `the kill point cannot be read: ${reason}`,
      where: path,
      mend: 'look under .lab for files named kill-point-…, or give the text of a point',
    })
  }
}
