/**
 * Prunes the journal: handled commands by age, sent messages by age, count and bytes, the oldest first. What is
 * still owed is never pruned; that is the journal's own rule. It runs once an interval, and at once when a tenth of
 * a bound's worth of messages has been settled since, so that the bounds hold, to that tenth, at any traffic.
 * Each statement deletes a bounded number of rows: after a bound was lowered the rest follows in further ones.
 */

import { Buffer } from 'node:buffer'
import { errorCodeOf } from '../errors.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { MessageJournal, Reply, SentBounds } from '../ports/message-journal.ts'
import { ActiveWork } from './active-work.ts'

export interface RetentionSettings {
  /**
   * How long handled commands are kept: longer than the age at which the inbox passes commands by, or a duplicate
   * that arrives late would be answered again.
   */
  readonly keepCommandsMs: number
  /** How long sent messages are kept at most: as long as recipients may ask for one again. */
  readonly keepSentMs: number
  readonly maxSent: number
  readonly maxSentBytes: number
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

/** Rows of each kind that one statement deletes: far below the time that a statement may take. */
const ROWS_AT_A_TIME = 1_000
/** What a bound may be exceeded by before the next interval. */
const EXCESS_SHARE = 0.1

export class Retention {
  readonly #deps: RetentionDeps
  readonly #work = new ActiveWork()
  #timer: Timer | undefined
  #settled = 0
  #settledBytes = 0
  #isStarted = false
  #isStopped = false

  constructor(deps: RetentionDeps) {
    this.#deps = deps
  }

  /** Prunes at once, so that a dyno that is restarted daily does so, too. May be called again. */
  start(): void {
    this.#isStarted = true
    this.#schedule(0)
  }

  /** To be called for each reply that was settled: from then on it is a sent message that is kept. */
  noteSettled(reply: Reply): void {
    this.#settled += 1
    this.#settledBytes += Buffer.byteLength(reply.text)
    if (this.#isDue() && this.#isStarted && this.#work.count === 0) this.#schedule(0)
  }

  /** Resolves when no prune is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#work.idle()
  }

  #isDue(): boolean {
    const { maxSent, maxSentBytes } = this.#deps.settings
    return this.#settled >= maxSent * EXCESS_SHARE || this.#settledBytes >= maxSentBytes * EXCESS_SHARE
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return
    this.#timer?.cancel()
    this.#timer = this.#deps.clock.setTimer('retention.prune', delayMs, () => {
      void this.#work.run(() => this.#pruneAll())
    })
  }

  async #pruneAll(): Promise<void> {
    const { logger, settings } = this.#deps
    this.#settled = 0
    this.#settledBytes = 0
    try {
      let rows = 0
      for (let deleted = ROWS_AT_A_TIME; deleted >= ROWS_AT_A_TIME && !this.#isStopped; rows += deleted) {
        deleted = await this.#prune()
      }
      logger.debug('retention.pruned', { rows })
      // As much again may have been settled while this ran.
      if (this.#isDue()) return this.#schedule(0)
    } catch (error) {
      // The next round does it.
      logger.warn('retention.failed', { code: errorCodeOf(error) ?? 'unknown' })
    }
    this.#schedule(settings.intervalMs)
  }

  /** Rows deleted; none without a lease. */
  async #prune(): Promise<number> {
    const { clock, journal, settings } = this.#deps
    const epoch = this.#deps.epoch()
    if (epoch === undefined) return 0
    const nowMs = clock.nowMs()
    const { maxSent: maxCount, maxSentBytes: maxBytes } = settings
    const sent: SentBounds = { beforeMs: nowMs - settings.keepSentMs, maxCount, maxBytes }
    const commandsBeforeMs = nowMs - settings.keepCommandsMs
    const outcome = await journal.prune({ epoch, commandsBeforeMs, sent, limit: ROWS_AT_A_TIME })
    return outcome === 'stale-epoch' ? 0 : outcome
  }
}
