/**
 * What the command line and its worker processes say to each other, over Node's IPC channel. A worker runs
 * one job at a time. It names the virtual time it has reached also when asked nothing, so that a hung run
 * can be told from a long one.
 */

import type { RunRequest, RunResult } from '../world/run-result.ts'

export interface RunJob {
  readonly request: RunRequest
  /** How many of the last trace lines are kept; 0 for the hash alone. */
  readonly keepLines: number
  /** Whether the lines are sent with a result that holds, too. */
  readonly sendsLinesAlways: boolean
  /** Where the whole trace is written instead of being sent. */
  readonly traceFile?: string
}

export type ToWorker = { readonly kind: 'run'; readonly job: RunJob } | { readonly kind: 'end' }

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly virtualMs: number }
  | { readonly kind: 'result'; readonly result: RunResult }

/** Holds the URL of a worker's database; unset when all its runs are at `model`. */
export const WORKER_DATABASE_VARIABLE = 'LAB_WORKER_DATABASE_URL'

/** The result of a run that the lab itself could not finish. */
export function errorResult(request: RunRequest, message: string, atMs: number, wallMs: number): RunResult {
  return {
    scenario: request.scenario.id,
    family: request.scenario.family,
    level: request.level,
    target: request.target,
    seed: request.seed,
    verdict: 'error',
    traceHash: '',
    traceEvents: 0,
    violations: [{ claim: 'lab', atMs, message }],
    virtualMs: atMs,
    wallMs,
    postgres: undefined,
    lines: [],
  }
}
