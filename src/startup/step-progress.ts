/**
 * How far one start-up step is, and the log line of each time that it is settled. It only keeps books: what is
 * run, and when, is startup-steps.ts's matter.
 */

import { AppError, errorCodeOf, errorMessageOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'

/**
 * `waiting` for its turn, `delayed` while the start is over without it and its time has not come, `running`,
 * `retrying` after a failure; in the end `ready`, `degraded` (optional: on its fallback or given up for now) or
 * `failed` (required: the start fails).
 */
export type StepState = 'waiting' | 'delayed' | 'running' | 'retrying' | 'ready' | 'degraded' | 'failed'

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

export interface ProgressDeps {
  readonly clock: Clock
  readonly logger: Logger
}

export class StepProgress<Step extends { readonly name: string; readonly isRequired: boolean }> {
  readonly step: Step
  state: StepState = 'waiting'
  attempts = 0
  reason: string | undefined
  /** Ready, or on its fallback: what needs it may run. */
  isUsable = false
  readonly #deps: ProgressDeps
  #begunMs: number | undefined
  #settledMs: number | undefined

  constructor(deps: ProgressDeps, step: Step) {
    this.#deps = deps
    this.step = step
  }

  /** True the first time. */
  begin(): boolean {
    if (this.#begunMs !== undefined) return false
    this.#begunMs = this.#deps.clock.monotonicMs()
    // A delayed one does not make the bot one that is starting.
    if (this.state === 'waiting') this.state = 'running'
    return true
  }

  failedOnce(error: unknown): void {
    // Usable without being ready: its fallback stands in.
    this.reason = `${this.isUsable ? 'on its fallback: ' : ''}${errorMessageOf(error)}`
  }

  willRetry(delayMs: number): void {
    this.#deps.logger.warn('startup.step-retrying', {
      step: this.step.name,
      attempts: this.attempts,
      delayMs,
      reason: this.reason ?? 'unknown',
    })
  }

  settle(state: 'ready' | 'degraded' | 'failed', reason?: string): void {
    const { clock, logger } = this.#deps
    this.#settledMs = clock.monotonicMs()
    this.state = state
    this.reason = reason
    if (state === 'ready') this.isUsable = true
    const fields = {
      step: this.step.name,
      attempts: this.attempts,
      durationMs: Math.round(this.#settledMs - (this.#begunMs ?? this.#settledMs)),
    }
    if (state === 'ready') logger.info('startup.step-ready', fields)
    else logger.warn(`startup.step-${state}`, { ...fields, reason })
  }

  report(): StepReport {
    const endMs = this.#settledMs ?? this.#deps.clock.monotonicMs()
    return {
      name: this.step.name,
      isRequired: this.step.isRequired,
      state: this.state,
      attempts: this.attempts,
      durationMs: this.#begunMs === undefined ? 0 : endMs - this.#begunMs,
      reason: this.reason,
    }
  }

  /** What the start fails with; the code of what went wrong is kept. */
  failure(cause: unknown): Error {
    const { name } = this.step
    const message = `start-up step ${name} failed after ${this.attempts} attempts: ${errorMessageOf(cause)}`
    const code = errorCodeOf(cause)
    return code === undefined ? new Error(message, { cause }) : new AppError(code, message, { cause })
  }
}
