/**
 * One cleanup: ask reclaimers, cheapest first, collect garbage once, and measure what each step gave back. Below
 * emergency it stops as soon as memory is low enough, so that nothing dear is given up for nothing; in an emergency
 * all are asked. Surprising: what a cache drops counts as used until garbage is collected, so its own step may show
 * nothing and the collection's step shows it; a collection after each would stop the bot for 0.1 s each time.
 * A reclaimer that throws or hangs is recorded and passed over.
 */

import { errorCodeOf, errorMessageOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Reclaimer } from '../ports/reclaimer.ts'
import { withDeadline } from '../timing.ts'
import type { PressureLevel } from './memory-policy.ts'

/** `unavailable`: this process cannot collect garbage. `busy`: its last call has not come back yet. */
export type CleanupStepOutcome = 'done' | 'failed' | 'timed-out' | 'busy' | 'unavailable'

export interface CleanupStep {
  /** The reclaimer's name, or `garbage`. */
  readonly name: string
  readonly outcome: CleanupStepOutcome
  /** Negative when memory grew meanwhile. */
  readonly freedBytes: number
  readonly reason: string | undefined
}

export interface CleanupReport {
  /** The highest one that it ran at. */
  readonly level: PressureLevel
  readonly startedAtMs: number
  readonly durationMs: number
  readonly beforeBytes: number
  readonly afterBytes: number
  readonly freedBytes: number
  readonly steps: readonly CleanupStep[]
}

/** What a cleanup asks while it runs. */
export interface CleanupControl {
  /** The present usage, or the last known when measuring fails. */
  measureBytes(): number
  /** The present level: a cleanup under way turns into an emergency's when it becomes one. */
  level(): PressureLevel
  isStopped(): boolean
  /** Usage at which a cleanup below emergency has done enough. */
  readonly targetBytes: number
}

export interface MemoryCleanupDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly reclaimers: readonly Reclaimer[]
  collectGarbage(): boolean
  readonly reclaimTimeoutMs: number
}

type StepResult = Pick<CleanupStep, 'outcome' | 'reason'>

export class MemoryCleanup {
  readonly #deps: MemoryCleanupDeps
  readonly #byCost: readonly Reclaimer[]
  /** Reclaimers whose call was passed over and has not come back: never called twice at once. */
  readonly #busy = new Set<Reclaimer>()

  constructor(deps: MemoryCleanupDeps) {
    this.#deps = deps
    this.#byCost = deps.reclaimers.toSorted((a, b) => a.cost - b.cost)
  }

  /** Takes `reclaimTimeoutMs` a reclaimer at most; never rejects. */
  async run(control: CleanupControl): Promise<CleanupReport> {
    const { clock } = this.#deps
    const startedAtMs = clock.nowMs()
    const startedMs = clock.monotonicMs()
    const beforeBytes = control.measureBytes()
    const steps: CleanupStep[] = []
    let usedBytes = beforeBytes
    let level: PressureLevel = 'cleanup'
    const record = (name: string, result: StepResult): void => {
      const nowBytes = control.measureBytes()
      steps.push({ name, ...result, freedBytes: usedBytes - nowBytes })
      usedBytes = nowBytes
      if (control.level() === 'emergency') level = 'emergency'
      this.#log(steps.at(-1))
    }

    const isDone = (): boolean =>
      control.isStopped() || (control.level() === 'cleanup' && usedBytes <= control.targetBytes)
    for (const reclaimer of this.#byCost) {
      if (isDone()) break
      record(reclaimer.name, await this.#ask(reclaimer))
    }
    if (!isDone()) record('garbage', this.#collect())
    const durationMs = clock.monotonicMs() - startedMs
    const freedBytes = beforeBytes - usedBytes
    return { level, startedAtMs, durationMs, beforeBytes, afterBytes: usedBytes, freedBytes, steps }
  }

  #collect(): StepResult {
    try {
      return { outcome: this.#deps.collectGarbage() ? 'done' : 'unavailable', reason: undefined }
    } catch (error) {
      return { outcome: 'unavailable', reason: errorMessageOf(error) }
    }
  }

  async #ask(reclaimer: Reclaimer): Promise<StepResult> {
    if (this.#busy.has(reclaimer)) return { outcome: 'busy', reason: 'its last call has not come back' }
    try {
      const work = reclaimer.reclaim()
      if (work instanceof Promise) await this.#await(reclaimer, work)
      return { outcome: 'done', reason: undefined }
    } catch (error) {
      const outcome = errorCodeOf(error) === 'timed-out' ? 'timed-out' : 'failed'
      return { outcome, reason: errorMessageOf(error) }
    }
  }

  #await(reclaimer: Reclaimer, work: Promise<void>): Promise<void> {
    this.#busy.add(reclaimer)
    const free = (): void => void this.#busy.delete(reclaimer)
    work.then(free, free)
    return withDeadline(this.#deps.clock, 'memory.reclaim', this.#deps.reclaimTimeoutMs, work)
  }

  #log(step: CleanupStep | undefined): void {
    if (step === undefined) return
    const { name, outcome, freedBytes, reason } = step
    if (outcome === 'done') this.#deps.logger.info('memory.cleanup-step', { name, outcome, freedBytes })
    else this.#deps.logger.warn('memory.cleanup-step', { name, outcome, freedBytes, reason })
  }
}
