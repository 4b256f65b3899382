/**
 * Finds where two runs that should be alike part. The hashes say only *that* they do, so the run is made
 * again twice with its whole trace on disk. Chance decides whether it parts again, hence several tries.
 */

import { createReadStream, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { RunRequest } from '../world/run-result.ts'
import { LAB_FOLDER, runName } from './run-file.ts'
import type { WorkerPool } from './worker-pool.ts'
import type { RunJob } from './worker-protocol.ts'

export interface Divergence {
  /** Counted from 1. */
  readonly line: number
  /** Undefined where one trace has ended. */
  readonly first: string | undefined
  readonly second: string | undefined
}

export interface FoundDivergence extends Divergence {
  /** The two whole traces, relative to the working directory. */
  readonly paths: readonly [string, string]
}

const MAX_TRIES = 3

/** @returns undefined when the runs were alike every time */
export async function findDivergence(
  pool: WorkerPool,
  directory: string,
  request: RunRequest,
): Promise<FoundDivergence | undefined> {
  mkdirSync(join(directory, LAB_FOLDER), { recursive: true })
  const paths = ['first', 'second'].map((which) => join(LAB_FOLDER, `${runName(request)}.${which}.trace`))
  const [first = '', second = ''] = paths
  const jobs = [first, second].map((path): RunJob => ({
    request,
    keepLines: Number.POSITIVE_INFINITY,
    sendsLinesAlways: false,
    traceFile: join(directory, path),
  }))
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    await pool.run(jobs)
    const divergence = await compareFiles(join(directory, first), join(directory, second))
    if (divergence !== undefined) return { ...divergence, paths: [first, second] }
  }
  for (const path of paths) rmSync(join(directory, path), { force: true })
  return undefined
}

async function compareFiles(firstPath: string, secondPath: string): Promise<Divergence | undefined> {
  const first = linesOf(firstPath)
  const second = linesOf(secondPath)
  try {
    for (let line = 1; ; line += 1) {
      const [one, other] = await Promise.all([first.next(), second.next()])
      const texts = [one, other].map((step) => (step.done === true ? undefined : step.value))
      if (texts[0] !== texts[1]) return { line, first: texts[0], second: texts[1] }
      if (texts[0] === undefined) return undefined
    }
  } finally {
    await Promise.all([first.return(undefined), second.return(undefined)])
  }
}

async function* linesOf(path: string): AsyncGenerator<string, undefined> {
  const input = createReadStream(path)
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  } finally {
    input.destroy()
  }
  return undefined
}

/** The end of a trace: its last lines, and how many events it had in all. */
export interface TraceEnd {
  readonly traceEvents: number
  readonly lines: readonly string[]
}

/**
 * Compares what was kept of two traces, line number by line number.
 * @returns undefined when they part before the lines that both have
 */
export function compareEnds(one: TraceEnd, other: TraceEnd): Divergence | undefined {
  const startOf = (end: TraceEnd): number => end.traceEvents - end.lines.length
  const from = Math.max(startOf(one), startOf(other))
  const until = Math.max(one.traceEvents, other.traceEvents)
  for (let index = from; index < until; index += 1) {
    const first = one.lines[index - startOf(one)]
    const second = other.lines[index - startOf(other)]
    if (first !== second) return index === from && from > 0 ? undefined : { line: index + 1, first, second }
  }
  return undefined
}
