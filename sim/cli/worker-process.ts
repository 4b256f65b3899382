/**
 * One worker process as its parent sees it. It performs one job at a time and owns one database and one folder for
 * temporary files, which are gone once the process has ended, however it ended. A worker that says nothing for long
 * is taken for hung and killed.
 */

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, constants, copyFileSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { WORKER_FOLDER_PREFIX } from '../postgres/leftovers.ts'
import type { RunResult } from '../world/run-result.ts'
import type { WorkerDatabase } from './lab-environment.ts'
import { WORKER_DATABASE_VARIABLE } from './worker-protocol.ts'
import type { FromWorker, RunJob, ToWorker } from './worker-protocol.ts'

/** Thrown when a worker ended before its job did. */
export class WorkerDied extends Error {
  override readonly name = 'WorkerDied'
  /** The virtual time that its run had reached. */
  readonly virtualMs: number

  constructor(message: string, virtualMs: number) {
    super(message)
    this.virtualMs = virtualMs
  }
}

export interface WorkerProcessOptions {
  readonly programUrl: URL
  readonly database: WorkerDatabase | undefined
  /** Longest silence at work; its start may take as long as any. */
  readonly maxSilenceMs: number | undefined
  /**
   * It runs, and starts dynos, by a copy of Node's program. The kernel charges shared pages of one file by equal
   * parts to all who run it: by the common one, a dyno would measure less the more labs run on the machine.
   */
  readonly hasOwnNode: boolean
}

/** Longest silence of a worker, ms; a sound one at work is heard every few seconds. */
export const MAX_SILENCE_MS = 120_000
/** How long an idle worker may take to close its database before it is killed, ms. */
const CLOSE_GRACE_MS = 3_000
/** What a killed run leaves is ended by its guard, and may write into the folder for a moment longer. */
const MAX_REMOVALS = 20
/** How much of a worker's own output is kept for the message when it dies. */
const KEPT_OUTPUT_CHARS = 2_000

export class WorkerProcess {
  readonly #child: ChildProcess
  readonly #database: WorkerDatabase | undefined
  /** For its temporary files: a killed worker removes none. Short, because paths of sockets end at 107 bytes. */
  readonly #folder = mkdtempSync(join(tmpdir(), `${WORKER_FOLDER_PREFIX}${process.pid}-`))
  readonly #ended: Promise<void>
  readonly #ready = Promise.withResolvers<void>()
  #output = ''
  readonly #maxSilenceMs: number
  #silence: NodeJS.Timeout | undefined
  #hungMs: number | undefined
  #death: WorkerDied | undefined
  #stopping: Promise<void> | undefined
  #virtualMs = 0
  #job:
    | {
        onProgress: (virtualMs: number) => void
        resolve: (result: RunResult) => void
        reject: (error: WorkerDied) => void
      }
    | undefined

  /** @throws Error when its folder, or its Node, cannot be made */
  constructor({ programUrl, database, maxSilenceMs, hasOwnNode }: WorkerProcessOptions) {
    this.#database = database
    this.#maxSilenceMs = maxSilenceMs ?? MAX_SILENCE_MS
    // A Postgres server that a run starts in it is another user's, where we are root.
    chmodSync(this.#folder, 0o711)
    this.#child = fork(programUrl, [], {
      ...(hasOwnNode && { execPath: copyOfNode(this.#folder) }),
      // The parent may run under a debugger or a test runner; its flags are not the worker's.
      execArgv: [],
      env: {
        ...process.env,
        [WORKER_DATABASE_VARIABLE]: database?.url,
        TMPDIR: this.#folder,
        ...(hasOwnNode && { PATH: [this.#folder, process.env['PATH']].join(delimiter) }),
      },
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#keepOutput(chunk))
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#keepOutput(chunk))
    this.#child.on('message', (message: FromWorker) => this.#receive(message))
    this.#ended = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#keepOutput(Buffer.from(error.message))
        this.#end('could not be started')
        resolve()
      })
      // `close` comes after the last output has been read.
      this.#child.on('close', (code, signal) => {
        this.#end(signal === null ? `exited with code ${code}` : `was ended by ${signal}`)
        resolve()
      })
    })
    this.#ready.promise.catch(() => undefined)
    this.#watchSilence(MAX_SILENCE_MS)
  }

  /**
   * Resolves when the worker takes jobs.
   * @throws WorkerDied when it ended before
   */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  /** @throws WorkerDied when the process ended or was silent for too long */
  perform(job: RunJob, onProgress: (virtualMs: number) => void): Promise<RunResult> {
    if (this.#death !== undefined) return Promise.reject(this.#death)
    const { promise, resolve, reject } = Promise.withResolvers<RunResult>()
    this.#virtualMs = 0
    this.#job = { onProgress, resolve, reject }
    this.#watchSilence()
    this.#send({ kind: 'run', job })
    return promise
  }

  /** Ends the process, by force when told or when it lingers, and drops its database. May be called twice. */
  stop(isAbrupt: boolean): Promise<void> {
    this.#stopping ??= this.#stop(isAbrupt)
    return this.#stopping
  }

  async #stop(isAbrupt: boolean): Promise<void> {
    clearTimeout(this.#silence)
    if (isAbrupt) this.#child.kill('SIGKILL')
    else this.#send({ kind: 'end' })
    const grace = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_GRACE_MS)
    await this.#ended
    clearTimeout(grace)
    await rm(this.#folder, { recursive: true, force: true, maxRetries: MAX_REMOVALS, retryDelay: 50 })
    await this.#database?.drop()
  }

  #send(message: ToWorker): void {
    // A message to a process that is just dying fails; its end is told by `close`.
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        clearTimeout(this.#silence)
        this.#ready.resolve()
        return
      case 'progress':
        this.#virtualMs = message.virtualMs
        this.#watchSilence()
        this.#job?.onProgress(message.virtualMs)
        return
      case 'result': {
        clearTimeout(this.#silence)
        const job = this.#job
        this.#job = undefined
        job?.resolve(message.result)
      }
    }
  }

  #watchSilence(maxMs = this.#maxSilenceMs): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      this.#hungMs = maxMs
      this.#child.kill('SIGKILL')
    }, maxMs)
  }

  #end(how: string): void {
    clearTimeout(this.#silence)
    const why =
      this.#hungMs === undefined
        ? how
        : `was silent for ${this.#hungMs / 1_000} s, as in an endless loop, and was killed`
    const death = new WorkerDied(`the worker process ${why}${lastWords(this.#output)}`, this.#virtualMs)
    this.#death ??= death
    this.#ready.reject(death)
    this.#job?.reject(death)
    this.#job = undefined
  }

  #keepOutput(chunk: Buffer): void {
    this.#output = (this.#output + chunk.toString('utf8')).slice(-KEPT_OUTPUT_CHARS)
  }
}

function copyOfNode(folder: string): string {
  const copy = join(folder, 'node')
  copyFileSync(process.execPath, copy, constants.COPYFILE_FICLONE)
  return copy
}

/** The line of the output that says most: that of the error, else the last one. */
function lastWords(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const line = lines.findLast((candidate) => /^(\w*Error|FATAL)\b/.test(candidate)) ?? lines.at(-1)
  return line === undefined ? '' : `: ${line}`
}
