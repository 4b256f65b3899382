/**
 * Spreads runs over worker processes. Workers are started when first needed and kept for the next jobs; one
 * that dies costs its run alone. Results come in the order of the jobs, though the longest are run first.
 */

import { InfrastructureError } from '../infrastructure-error.ts'
import { durationMsOf } from '../world/run-result.ts'
import type { RunResult } from '../world/run-result.ts'
import type { WorkerDatabase } from './lab-environment.ts'
import { Interrupted } from './lab-problem.ts'
import { WorkerDied, WorkerProcess } from './worker-process.ts'
import { errorResult } from './worker-protocol.ts'
import type { RunJob } from './worker-protocol.ts'

/** Told of what goes on; `index` is the job's. */
export interface PoolListener {
  started(index: number): void
  progressed(index: number, virtualMs: number): void
  finished(index: number, result: RunResult): void
}

export interface WorkerPoolOptions {
  readonly workerUrl: URL
  readonly size: number
  /** A database for each worker; undefined when all runs are at `model`. */
  readonly createDatabase: (() => Promise<WorkerDatabase>) | undefined
  /** For runs of real processes, whose memory is measured: see WorkerProcess. */
  readonly hasOwnNode?: boolean
  /** Longest silence of a worker at work; two minutes unless said. */
  readonly maxSilenceMs?: number
}

export class WorkerPool {
  readonly #options: WorkerPoolOptions
  readonly #workers = new Set<WorkerProcess>()
  readonly #starting = new Set<Promise<unknown>>()
  #idle: WorkerProcess[] = []
  #isStopped = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
  }

  /** @throws InfrastructureError when no worker can be started */
  async run(jobs: readonly RunJob[], listener: PoolListener = SILENT): Promise<RunResult[]> {
    const results: RunResult[] = []
    const queue = longestFirst(jobs)
    const lanes = Array.from({ length: Math.min(this.#options.size, jobs.length) }, () =>
      this.#work(queue, jobs, results, listener),
    )
    await Promise.all(lanes)
    return results
  }

  /** Starts so many workers ahead of the first job, so that their start is not measured with it. */
  async warmUp(): Promise<void> {
    const missing = this.#options.size - this.#workers.size
    const started = await Promise.all(Array.from({ length: missing }, () => this.#start()))
    this.#idle.push(...started)
  }

  /** Ends all workers and drops their databases; at once when abrupt. May be called twice. */
  async stop(isAbrupt: boolean): Promise<void> {
    this.#isStopped = true
    this.#idle = []
    await this.#stopWorkers(isAbrupt)
    // One that was just being started joins the others or gives up; either way it is not left behind.
    await Promise.allSettled(this.#starting)
    await this.#stopWorkers(isAbrupt)
  }

  async #work(
    queue: number[],
    jobs: readonly RunJob[],
    results: RunResult[],
    listener: PoolListener,
  ): Promise<void> {
    let worker: WorkerProcess | undefined
    for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
      const job = jobs[index]
      if (job === undefined || this.#isStopped) break
      worker ??= this.#idle.pop() ?? (await this.#start())
      listener.started(index)
      const outcome = await this.#perform(worker, index, job, listener)
      if (this.#isStopped) break
      if (isDeath(outcome)) {
        await this.#bury(worker)
        worker = undefined
      }
      const result = isDeath(outcome)
        ? errorResult(job.request, outcome.message, outcome.virtualMs, 0)
        : outcome
      // Thousands of lines a run add up: the listener sees them all, the list keeps those asked for.
      results[index] = job.sendsLinesAlways ? result : { ...result, lines: [] }
      listener.finished(index, result)
    }
    if (worker !== undefined) this.#idle.push(worker)
  }

  async #perform(
    worker: WorkerProcess,
    index: number,
    job: RunJob,
    listener: PoolListener,
  ): Promise<RunResult | WorkerDied> {
    try {
      return await worker.perform(job, (virtualMs) => listener.progressed(index, virtualMs))
    } catch (error) {
      if (error instanceof WorkerDied) return error
      throw error
    }
  }

  async #stopWorkers(isAbrupt: boolean): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.stop(isAbrupt)))
  }

  async #bury(worker: WorkerProcess): Promise<void> {
    this.#workers.delete(worker)
    await worker.stop(true)
  }

  /** A worker that never gets ready would fail for every run alike, so this ends them all. */
  #start(): Promise<WorkerProcess> {
    const starting = this.#startOne()
    this.#starting.add(starting)
    const forget = (): void => void this.#starting.delete(starting)
    starting.then(forget, forget)
    return starting
  }

  async #startOne(): Promise<WorkerProcess> {
    const { workerUrl, createDatabase, maxSilenceMs, hasOwnNode = false } = this.#options
    const database = await createDatabase?.()
    if (this.#isStopped) {
      await database?.drop()
      throw new Interrupted('the workers were stopped')
    }
    const worker = new WorkerProcess({ programUrl: workerUrl, database, maxSilenceMs, hasOwnNode })
    this.#workers.add(worker)
    try {
      await worker.ready
    } catch (error) {
      if (error instanceof WorkerDied) {
        throw new InfrastructureError(
          error.message,
          `run it by hand to see why: node ${workerUrl.pathname}`,
          { cause: error },
        )
      }
      throw error
    }
    return worker
  }
}

function isDeath(outcome: RunResult | WorkerDied): outcome is WorkerDied {
  return outcome instanceof WorkerDied
}

const SILENT: PoolListener = {
  started: () => undefined,
  progressed: () => undefined,
  finished: () => undefined,
}

/** How much slower real Postgres is than the model, roughly; it only orders the queue. */
const VIRTUAL_COST = 8

function longestFirst(jobs: readonly RunJob[]): number[] {
  const cost = jobs.map(
    ({ request }) => durationMsOf(request) * (request.level === 'virtual' ? VIRTUAL_COST : 1),
  )
  return [...jobs.keys()].toSorted((a, b) => (cost[b] ?? 0) - (cost[a] ?? 0) || a - b)
}
