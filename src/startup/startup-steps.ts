/**
 * Starts the bot's parts one after another, each when what it needs is there, and stops them in reverse. What needs
 * a step that is not usable is not run. An optional step that fails leaves the start to go on without it, and is
 * tried again in the background for ever; the start does not wait for a delayed one either. Surprising: `stop` is
 * also called on a step whose `run` failed or was cut short, because it may hold something; it must cope with that.
 */

import assert from 'node:assert/strict'
import { backoffDelayMs } from '../backoff.ts'
import type { BackoffLaw } from '../backoff.ts'
import { AppError, errorMessageOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Random } from '../ports/random.ts'
import { sleep } from '../timing.ts'
import { attempt } from './attempt.ts'
import { assertOrder, nextTurn } from './startup-order.ts'
import type { OrderedStep } from './startup-order.ts'
import { StepProgress } from './step-progress.ts'
import type { StepReport } from './step-progress.ts'
import { stopInOrder } from './stop-in-order.ts'

export interface StartupStep extends OrderedStep {
  /** When a required step fails for good, so does the start. */
  readonly isRequired: boolean
  /** Of one attempt, and of the fallback. */
  readonly timeoutMs: number
  /**
   * `maxAttempts`: then a required step fails for good, and the start goes on without an optional one. `forever` is
   * for required steps only: the steps after it wait.
   */
  readonly retry: { readonly maxAttempts: number | 'forever'; readonly law: BackoffLaw }
  /**
   * One attempt. It ends when `signal` is aborted: by its time-out, or because the process stops. It is called again
   * after a failure, and also to take over from the fallback.
   */
  run(signal: AbortSignal): Promise<void>
  /** What an optional step does instead when all attempts failed or its needs are not usable. */
  fallback?(signal: AbortSignal): Promise<void>
  /** Releases what `run` or `fallback` acquired, also when they failed. */
  stop?(): Promise<void>
  readonly stopTimeoutMs: number
}

export interface StartupRunnerDeps {
  readonly clock: Clock
  /** For the jitter of retries. */
  readonly random: Random
  readonly logger: Logger
  /** In the order in which they start where their needs leave a choice. */
  readonly steps: readonly StartupStep[]
}

type Entry = StepProgress<StartupStep>

export class StartupRunner {
  readonly #deps: StartupRunnerDeps
  readonly #entries: ReadonlyMap<string, Entry>
  /** By step, on the monotonic clock. */
  readonly #settledAtMs = new Map<string, number>()
  readonly #begun: Entry[] = []
  readonly #abort = new AbortController()
  readonly #started = Promise.withResolvers<void>()
  #isStarted = false
  /** Everything under way: the steps in turn, and each one that is tried again in the background. */
  readonly #tasks: Promise<void>[] = []
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
    this.#entries = new Map(deps.steps.map((step) => [step.name, new StepProgress(deps, step)]))
  }

  /**
   * Resolves when every step is settled but those optional ones whose delay is not over, and no required one failed.
   * @throws what ended a required step for good, with its code; AppError `aborted` when stopped meanwhile.
   */
  start(): Promise<void> {
    assert(this.#tasks.length === 0, 'start-up was started twice')
    this.#tasks.push(this.#runAll().catch((error: unknown) => this.#started.reject(error)))
    return this.#started.promise
  }

  report(): StepReport[] {
    return [...this.#entries.values()].map((entry) => entry.report())
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
    const { clock, steps } = this.#deps
    const startedMs = clock.monotonicMs()
    for (;;) {
      this.#throwIfStopped()
      const turn = nextTurn(steps, this.#settledAtMs, startedMs, clock.monotonicMs())
      if (turn === undefined || turn.waitMs > 0) this.#startedUnless(startedMs)
      if (turn === undefined) return
      if (turn.waitMs > 0) await sleep(clock, 'startup.delay', turn.waitMs, this.#abort.signal)
      else await this.#settle(this.#entry(turn.name))
    }
  }

  /** Unless a required step is still to come, the start is over. */
  #startedUnless(startedMs: number): void {
    const { clock, logger } = this.#deps
    const entries = [...this.#entries.values()]
    const unsettled = entries.filter(({ step }) => !this.#settledAtMs.has(step.name))
    if (this.#isStarted || unsettled.some(({ step }) => step.isRequired)) return
    this.#isStarted = true
    for (const entry of unsettled) entry.state = 'delayed'
    logger.info('startup.ready', {
      durationMs: Math.round(clock.monotonicMs() - startedMs),
      degraded: entries.filter(({ state }) => state === 'degraded').map(({ step }) => step.name),
    })
    this.#started.resolve()
  }

  async #settle(entry: Entry): Promise<void> {
    const failure = this.#unusableNeed(entry) ?? (await this.#tryAll(entry))
    if (failure === undefined) {
      this.#settled(entry, 'ready')
    } else if (entry.step.isRequired) {
      this.#settled(entry, 'failed', errorMessageOf(failure))
      throw entry.failure(failure)
    } else {
      await this.#degrade(entry, errorMessageOf(failure))
      this.#tasks.push(this.#mend(entry).catch((error: unknown) => this.#abandoned(entry, error)))
    }
  }

  #unusableNeed({ step }: Entry): Error | undefined {
    const missing = step.needs.find((need) => !this.#entry(need).isUsable)
    return missing === undefined ? undefined : new Error(`needs ${missing}, which is not usable`)
  }

  /** Returns what ended the last attempt, or undefined when the step is ready. */
  async #tryAll(entry: Entry): Promise<unknown> {
    const { maxAttempts } = entry.step.retry
    for (;;) {
      const error = await this.#tryOnce(entry)
      if (error === undefined) return undefined
      if (maxAttempts !== 'forever' && entry.attempts >= maxAttempts) return error
      entry.state = 'retrying'
      await this.#backOff(entry, entry.attempts)
    }
  }

  async #tryOnce(entry: Entry): Promise<unknown> {
    this.#begin(entry)
    entry.attempts += 1
    try {
      await this.#attempt(entry.step, (signal) => entry.step.run(signal))
      return undefined
    } catch (error) {
      this.#throwIfStopped()
      entry.failedOnce(error)
      return error
    }
  }

  /** Until it works, or the process stops; meanwhile the step stays degraded, and health says so. */
  async #mend(entry: Entry): Promise<void> {
    for (let failures = Math.max(1, entry.attempts); ; failures += 1) {
      await this.#backOff(entry, failures)
      if (this.#unusableNeed(entry) !== undefined) continue
      if ((await this.#tryOnce(entry)) === undefined) return this.#settled(entry, 'ready')
    }
  }

  async #backOff(entry: Entry, failures: number): Promise<void> {
    const { clock, random } = this.#deps
    const delayMs = backoffDelayMs(entry.step.retry.law, failures, random)
    entry.willRetry(delayMs)
    await sleep(clock, `startup.retry.${entry.step.name}`, delayMs, this.#abort.signal)
  }

  async #degrade(entry: Entry, reason: string): Promise<void> {
    const { step } = entry
    if (step.fallback === undefined) return this.#settled(entry, 'degraded', reason)
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
    if (entry.begin()) this.#begun.push(entry)
  }

  #settled(entry: Entry, state: 'ready' | 'degraded' | 'failed', reason?: string): void {
    this.#settledAtMs.set(entry.step.name, this.#deps.clock.monotonicMs())
    entry.settle(state, reason)
  }

  /** Stopping ends it; anything else would be a bug of this file, which must not end silently. */
  #abandoned({ step }: Entry, error: unknown): void {
    if (this.#abort.signal.aborted) return
    this.#deps.logger.error('startup.step-abandoned', { step: step.name, reason: errorMessageOf(error) })
  }

  async #stopAll(totalTimeoutMs: number): Promise<readonly string[]> {
    this.#abort.abort()
    await Promise.all(this.#tasks)
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
