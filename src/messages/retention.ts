/**
 * Prunes the journal now and then, by age: handled commands and settled replies that nobody will ask for again.
 * What is still owed is never pruned; that is the journal's own rule.
 */

import { errorCodeOf } from '../errors.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { MessageJournal } from '../ports/message-journal.ts'
import { ActiveWork } from './active-work.ts'

export interface RetentionSettings {
  /**
   * Longer than the age at which the inbox passes commands by, or a duplicate that arrives late would be answered
   * again; and as long as recipients may ask for a message again.
   */
  readonly keepMs: number
  readonly intervalMs: number
}

export interface RetentionDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly journal: Pick<MessageJournal, 'prune'>
  /** The lease's epoch; undefined without a proven lease. */
  epoch(): number | undefined
  readonly settings: RetentionSettings
}

/** After the start, so that a dyno that is restarted daily prunes too, but not while it has better things to do. */
const FIRST_DELAY_MS = 60_000

export class Retention {
  readonly #deps: RetentionDeps
  readonly #work = new ActiveWork()
  #timer: Timer | undefined
  #isStopped = false

  constructor(deps: RetentionDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#schedule(FIRST_DELAY_MS)
  }

  /** Resolves when no prune is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#work.idle()
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return
    this.#timer?.cancel()
    this.#timer = this.#deps.clock.setTimer('retention.prune', delayMs, () => {
      void this.#work.run(() => this.#prune())
    })
  }

  async #prune(): Promise<void> {
    const { clock, journal, logger, settings } = this.#deps
    const epoch = this.#deps.epoch()
    try {
      if (epoch !== undefined) {
        const outcome = await journal.prune({ epoch, beforeMs: clock.nowMs() - settings.keepMs })
        if (outcome !== 'stale-epoch') logger.debug('retention.pruned', { rows: outcome })
      }
    } catch (error) {
      // The next round does it.
      logger.warn('retention.failed', { code: errorCodeOf(error) ?? 'unknown' })
    }
    this.#schedule(settings.intervalMs)
  }
}
