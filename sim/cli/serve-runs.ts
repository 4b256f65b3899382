/**
 * A worker process: opens its database once, then runs one job after another. It lives only as long as the
 * channel to its parent, and leaves Ctrl-C to the parent. The database's URL comes by environment variable,
 * because other users of the machine can read a process's arguments.
 */

import { closeSync, openSync, writeSync } from 'node:fs'
import { errorMessageOf } from '../../src/errors.ts'
import { InfrastructureError } from '../infrastructure-error.ts'
import type { RunRequest, RunResult } from '../world/run-result.ts'
import { errorResult, WORKER_DATABASE_VARIABLE } from './worker-protocol.ts'
import type { FromWorker, RunJob, ToWorker } from './worker-protocol.ts'

/** A worker's half of the engine. `Database` is opaque here. */
export interface WorkerEngine<Database extends { close(): Promise<void> }> {
  openDatabase(url: string): Promise<Database>
  run(
    request: RunRequest,
    environment: {
      database: Database | undefined
      keepLines: number
      onProgress?(virtualMs: number): void
    },
  ): Promise<RunResult>
}

/** How often progress is told, ms of real time. */
const PROGRESS_EVERY_MS = 100
/** How often a run says that it goes on although its virtual time was not told, ms of real time. */
const HEARTBEAT_MS = 5_000
/** Lines written to a trace file at once. */
const LINES_PER_WRITE = 10_000

export function serveRuns<Database extends { close(): Promise<void> }>(engine: WorkerEngine<Database>): void {
  const databaseUrl = process.env[WORKER_DATABASE_VARIABLE]
  let database: Promise<Database> | undefined
  const openDatabase = (): Promise<Database> | undefined => {
    if (databaseUrl !== undefined) database ??= engine.openDatabase(databaseUrl)
    return database
  }
  process.on('SIGINT', () => undefined)
  process.on('disconnect', () => process.exit(0))
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'run') void perform(engine, message.job, openDatabase).then(tell)
    else void closeDatabase(database).then(() => process.disconnect())
  })
  tell({ kind: 'ready' })
}

/** Never rejects: whatever goes wrong is the run's result. */
async function perform<Database extends { close(): Promise<void> }>(
  engine: WorkerEngine<Database>,
  job: RunJob,
  openDatabase: () => Promise<Database> | undefined,
): Promise<FromWorker> {
  const startedMs = performance.now()
  let virtualMs = 0
  let toldMs = startedMs
  // The scheduler gives the event loop a turn now and then; a run that never does is hung.
  const heartbeat = setInterval(() => tell({ kind: 'progress', virtualMs }), HEARTBEAT_MS)
  try {
    const result = await engine.run(job.request, {
      database: job.request.level === 'model' ? undefined : await openDatabase(),
      keepLines: job.keepLines,
      onProgress: (reachedMs) => {
        virtualMs = reachedMs
        if (performance.now() - toldMs < PROGRESS_EVERY_MS) return
        toldMs = performance.now()
        tell({ kind: 'progress', virtualMs })
      },
    })
    if (job.traceFile !== undefined) writeLines(job.traceFile, result.lines)
    return { kind: 'result', result: isWanted(job, result) ? result : { ...result, lines: [] } }
  } catch (error) {
    const wallMs = performance.now() - startedMs
    return { kind: 'result', result: errorResult(job.request, reasonOf(error), virtualMs, wallMs) }
  } finally {
    clearInterval(heartbeat)
  }
}

function reasonOf(error: unknown): string {
  const message = errorMessageOf(error)
  return error instanceof InfrastructureError ? `${message} (${error.hint})` : message
}

function isWanted(job: RunJob, result: RunResult): boolean {
  return job.traceFile === undefined && (job.sendsLinesAlways || result.verdict !== 'holds')
}

function writeLines(path: string, lines: readonly string[]): void {
  const file = openSync(path, 'w')
  try {
    for (let index = 0; index < lines.length; index += LINES_PER_WRITE) {
      writeSync(file, `${lines.slice(index, index + LINES_PER_WRITE).join('\n')}\n`)
    }
  } finally {
    closeSync(file)
  }
}

async function closeDatabase(database: Promise<{ close(): Promise<void> }> | undefined): Promise<void> {
  try {
    await (await database)?.close()
  } catch {
    // It could not be opened, or is gone already: either way nothing is left to close.
  }
}

function tell(message: FromWorker): void {
  process.send?.(message)
}
