/**
 * Starts the bot's parts one after another, each when what it needs is there, and stops them in reverse.
 * A step is `waiting`, then `running`; after a failure `retrying`; in the end `ready`, `degraded` (optional,
 * on its fallback or given up) or `failed` (required: the start fails). What needs a step that is not usable
 * is not run. Surprising: `stop` is also called on a step whose `run` failed or was cut short, because it may
 * hold something; it must cope with that.
 */

import assert from 'node:assert/strict'
import { backoffDelayMs } from '../backoff.ts'
import type { BackoffLaw } from '../backoff.ts'
import { AppError, errorCodeOf, errorMessageOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Random } from '../ports/random.ts'
import { sleep } from '../timing.ts'
import { attempt } from './attempt.ts'
import { assertOrder, nextTurn } from './startup-order.ts'
import type { OrderedStep } from './startup-order.ts'
import { stopInOrder } from './stop-in-order.ts'

export interface StartupStep extends OrderedStep {
  /** When a required step fails for good, so does the start. */
  readonly isRequired: boolean
  /** Of one attempt, and of the fallback. */
  readonly timeoutMs: number
  /** `forever` is for required steps only: the steps after it wait. */
  readonly retry: { readonly maxAttempts: number | 'forever'; readonly law: BackoffLaw }
  /** One attempt. It ends when `signal` is aborted: by its time-out, or because the process stops. */
  run(signal: AbortSignal): Promise<void>
  /** What an optional step does instead when all attempts failed or its needs are not usable. */
  fallback?(signal: AbortSignal): Promise<void>
  /** Releases what `run` or `fallback` acquired, also when they failed. */
  stop?(): Promise<void>
  readonly stopTimeoutMs: number
}

export type StepState = 'waiting' | 'running' | 'retrying' | 'ready' | 'degraded' | 'failed'

export interface StepReport {
  readonly name: string
  readonly isRequired: boolean
  readonly state: StepState
  readonly attempts: number
  /** From its first attempt until it was settled, or until now. */
  readonly durationMs: number
  /** Why it is not ready; undefined otherwise. */
  readonly reason: string | undefined
}

interface Entry {
  readonly step: StartupStep
  state: StepState
  attempts: number
  begunMs: number | undefined
  reason: string | undefined
  /** Ready, or on its fallback: what needs it may run. */
  isUsable: boolean
}

export interface StartupRunnerDeps {
  readonly clock: Clock
  /** For the jitter of retries. */
  readonly random: Random
  readonly logger: Logger
  /** In the order in which they start where their needs leave a choice. */
  readonly steps: readonly StartupStep[]
}

export class StartupRunner {
  readonly #deps: StartupRunnerDeps
  readonly #entries: ReadonlyMap<string, Entry>
  /** By step, on the monotonic clock. */
  readonly #settledAtMs = new Map<string, number>()
  readonly #begun: Entry[] = []
  readonly #abort = new AbortController()
  #starting: Promise<void> | undefined
  #stopping: Promise<readonly string[]> | undefined

  constructor(deps: StartupRunnerDeps) {
    assertOrder(deps.steps)
    for (const { name, isRequired, retry } of deps.steps) {
      assert(
        isRequired || retry.maxAttempts !== 'forever',
        `optional start-up step ${name} would retry forever`,
      )
    }
    this.#deps = deps
    this.#entries = new Map(deps.steps.map((step) => [step.name, newEntry(step)]))
  }

  /**
   * Resolves when every step is settled and no required one failed.
   * @throws what ended a required step for good, with its code; AppError `aborted` when stopped meanwhile.
   */
  start(): Promise<void> {
    assert(this.#starting === undefined, 'start-up was started twice')
    this.#starting = this.#runAll()
    return this.#starting
  }

  report(): StepReport[] {
    const nowMs = this.#deps.clock.monotonicMs()
    return [...this.#entries.values()].map(({ step, state, attempts, begunMs, reason }) => ({
      name: step.name,
      isRequired: step.isRequired,
      state,
      attempts,
      durationMs: begunMs === undefined ? 0 : (this.#settledAtMs.get(step.name) ?? nowMs) - begunMs,
      reason,
    }))
  }

  /**
   * Cuts the start short if need be, then stops what was begun, in reverse order, each step within its own
   * time and all within the total. Returns the names of those that threw or did not end in time.
   */
  stop(totalTimeoutMs: number): Promise<readonly string[]> {
    this.#stopping ??= this.#stopAll(totalTimeoutMs)
    return this.#stopping
  }

  async #runAll(): Promise<void> {
    const { clock, logger, steps } = this.#deps
    const startedMs = clock.monotonicMs()
    for (;;) {
      this.#throwIfStopped()
      const turn = nextTurn(steps, this.#settledAtMs, startedMs, clock.monotonicMs())
      if (turn === undefined) break
      if (turn.waitMs > 0) await sleep(clock, 'startup.delay', turn.waitMs, this.#abort.signal)
      else await this.#settle(this.#entry(turn.name))
    }
    const degraded = [...this.#entries.values()].filter(({ state }) => state === 'degraded')
    logger.info('startup.ready', {
      durationMs: Math.round(clock.monotonicMs() - startedMs),
      degraded: degraded.map(({ step }) => step.name),
    })
  }

  async #settle(entry: Entry): Promise<void> {
    const missing = entry.step.needs.find((need) => !this.#entry(need).isUsable)
    const failure =
      missing === undefined ? await this.#tryAll(entry) : new Error(`needs ${missing}, which is not usable`)
    if (failure !== undefined && entry.step.isRequired) {
      this.#settled(entry, 'failed', errorMessageOf(failure))
      throw startFailure(entry, failure)
    }
    if (failure !== undefined) await this.#degrade(entry, errorMessageOf(failure))
  }

  /** Returns what ended the last attempt, or undefined when the step is ready. */
  async #tryAll(entry: Entry): Promise<unknown> {
    const { clock, logger, random } = this.#deps
    const { name, retry } = entry.step
    this.#begin(entry)
    for (;;) {
      entry.attempts += 1
      try {
        await this.#attempt(entry.step, (signal) => entry.step.run(signal))
        this.#settled(entry, 'ready', undefined)
        return undefined
      } catch (error) {
        this.#throwIfStopped()
        entry.reason = errorMessageOf(error)
        if (retry.maxAttempts !== 'forever' && entry.attempts >= retry.maxAttempts) return error
      }
      entry.state = 'retrying'
      const delayMs = backoffDelayMs(retry.law, entry.attempts, random)
      logger.warn('startup.step-retrying', {
        step: name,
        attempts: entry.attempts,
        delayMs,
        reason: entry.reason,
      })
      await sleep(clock, `startup.retry.${name}`, delayMs, this.#abort.signal)
    }
  }

  async #degrade(entry: Entry, reason: string): Promise<void> {
    const { step } = entry
    if (step.fallback === undefined) {
      this.#settled(entry, 'degraded', reason)
      return
    }
    this.#begin(entry)
    try {
      await this.#attempt(step, async (signal) => step.fallback?.(signal))
      entry.isUsable = true
      this.#settled(entry, 'degraded', `on its fallback: ${reason}`)
    } catch (error) {
      this.#throwIfStopped()
      this.#settled(entry, 'degraded', `${reason}; its fallback failed too: ${errorMessageOf(error)}`)
    }
  }

  #attempt({ name, timeoutMs }: StartupStep, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const bounds = { label: `startup.${name}`, timeoutMs, stopSignal: this.#abort.signal }
    return attempt(this.#deps.clock, bounds, work)
  }

  #begin(entry: Entry): void {
    if (entry.begunMs !== undefined) return
    entry.begunMs = this.#deps.clock.monotonicMs()
    entry.state = 'running'
    this.#begun.push(entry)
  }

  #settled(entry: Entry, state: 'ready' | 'degraded' | 'failed', reason: string | undefined): void {
    const { clock, logger } = this.#deps
    const nowMs = clock.monotonicMs()
    this.#settledAtMs.set(entry.step.name, nowMs)
    entry.state = state
    entry.reason = reason
    if (state === 'ready') entry.isUsable = true
    const durationMs = Math.round(nowMs - (entry.begunMs ?? nowMs))
    const fields = { step: entry.step.name, attempts: entry.attempts, durationMs }
    if (state === 'ready') logger.info('startup.step-ready', fields)
    else logger.warn(`startup.step-${state}`, { ...fields, reason })
  }

  async #stopAll(totalTimeoutMs: number): Promise<readonly string[]> {
    this.#abort.abort()
    await this.#starting?.catch(() => undefined)
    const begun = this.#begun.map(({ step }) => step)
    return stopInOrder(this.#deps, begun.toReversed(), totalTimeoutMs)
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name)
    assert(entry !== undefined, `no start-up step ${name}`)
    return entry
  }

  #throwIfStopped(): void {
    if (this.#abort.signal.aborted) throw new AppError('aborted', 'start-up was stopped')
  }
}

function newEntry(step: StartupStep): Entry {
  return { step, state: 'waiting', attempts: 0, begunMs: undefined, reason: undefined, isUsable: false }
}

function startFailure({ step, attempts }: Entry, cause: unknown): Error {
  const message = `start-up step ${step.name} failed after ${attempts} attempts: ${errorMessageOf(cause)}`
  const code = errorCodeOf(cause)
  return code === undefined ? new Error(message, { cause }) : new AppError(code, message, { cause })
}
