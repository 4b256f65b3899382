/**
 * Watches over the account's phone while the connection is open: keeps when it was last heard of, beside the session
 * and under its epoch, asks it when it is silent, and tells the owner. What follows from what is phone-policy.ts's.
 * Surprising: news is told after it is stored, so that it is told once however often the process restarts; and a store
 * that fails here ends no connection, because nothing that WhatsApp must know waits for it.
 */

import { errorCodeOf } from '../errors.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { AuthState } from '../ports/whatsapp-socket.ts'
import { afterLook, afterSign, isOverdue, isWorthWriting, newsOf, storedRecord } from './phone-policy.ts'
import type { PhoneRecord, PhoneSettings } from './phone-policy.ts'

export interface PhoneWatchDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: PhoneSettings
  /** The session's keys under the present epoch; undefined before it was opened. */
  keys(): AuthState['keys'] | undefined
  /** Sends what a phone that is on answers. @throws AppError `timed-out` or `socket-closed` */
  ask(): Promise<void>
}

export interface PhoneReport {
  /** No sign of the phone since then; before the first one, since the bot began to look. Wall clock, ms. */
  readonly silentSinceMs: number
  /** True when that is longer than the owner wants. */
  readonly isOverdue: boolean
}

/** A key of our own among the session's: exports take it along, and earlier releases never ask for it. */
export const PHONE_KEY_TYPE = 'blacksky-phone'
const KEY_ID = 'last-seen'
/** Long enough for what waited on the server to have come. */
const LOOK_EVERY_MS = 600_000
const DAY_MS = 86_400_000
const REMEDY = 'open WhatsApp on the phone and keep it online for a minute: 14 days of silence end the link'

export class PhoneWatch {
  readonly #deps: PhoneWatchDeps
  #timer: Timer | undefined
  /** Whose rows the record was read from; another epoch's are read anew. */
  #readFrom: AuthState['keys'] | undefined
  #isReading = false
  #isWriting = false
  /** The store failed: it is not asked again with each sign, but at the next look. */
  #mustWait = false
  #stored: PhoneRecord | undefined
  #record: PhoneRecord | undefined
  /** The newest sign from before the record was read. */
  #earlySignAtMs: number | undefined
  /** On the monotonic clock. */
  #askedAtMs: number | undefined

  constructor(deps: PhoneWatchDeps) {
    this.#deps = deps
  }

  /** May be called again while it is open. */
  connectionOpened(): void {
    if (this.#timer !== undefined) return
    this.#lookLater()
    void this.#read()
  }

  connectionClosed(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** `atMs`: by WhatsApp's clock. */
  seen(atMs: number): void {
    if (this.#record === undefined) {
      this.#earlySignAtMs = Math.max(atMs, this.#earlySignAtMs ?? 0)
      return
    }
    this.#record = afterSign(this.#record, { atMs, nowMs: this.#deps.clock.nowMs() }, this.#deps.settings)
    void this.#write()
  }

  /** Undefined before the session was first read. */
  report(): PhoneReport | undefined {
    const record = this.#record
    if (record === undefined) return undefined
    const { clock, settings } = this.#deps
    const { silentSinceMs } = record
    return { silentSinceMs, isOverdue: isOverdue(record, clock.nowMs(), settings) }
  }

  #lookLater(): void {
    this.#timer = this.#deps.clock.setTimer('phone.look', LOOK_EVERY_MS, () => {
      this.#lookLater()
      this.#mustWait = false
      void this.#look()
    })
  }

  async #look(): Promise<void> {
    await this.#read()
    if (this.#record === undefined || this.#timer === undefined) return
    const { clock, settings } = this.#deps
    const askedForMs = this.#askedAtMs === undefined ? undefined : clock.monotonicMs() - this.#askedAtMs
    const look = afterLook(this.#record, { nowMs: clock.nowMs(), askedForMs }, settings)
    this.#record = look.record
    if (look.mustAsk) await this.#ask()
    await this.#write()
  }

  /** A question that did not go out is asked again at the next look. */
  async #ask(): Promise<void> {
    const { clock, logger } = this.#deps
    logger.debug('phone.asked')
    await this.#deps.ask().then(
      () => (this.#askedAtMs = clock.monotonicMs()),
      (error: unknown) => logger.debug('phone.not-asked', { code: errorCodeOf(error) }),
    )
  }

  async #read(): Promise<void> {
    const { clock, logger } = this.#deps
    const keys = this.#deps.keys()
    if (keys === undefined || keys === this.#readFrom || this.#isReading) return
    this.#isReading = true
    try {
      const { [KEY_ID]: value } = await keys.get(PHONE_KEY_TYPE, [KEY_ID])
      this.#readFrom = keys
      this.#begin(storedRecord(value, clock.nowMs()))
    } catch (error) {
      logger.debug('phone.not-read', { code: errorCodeOf(error) })
    } finally {
      this.#isReading = false
    }
    await this.#write()
  }

  #begin(stored: PhoneRecord | undefined): void {
    const nowMs = this.#deps.clock.nowMs()
    this.#stored = stored
    const record = stored ?? { silentSinceMs: nowMs, warnedAtMs: undefined }
    const known = Math.max(this.#earlySignAtMs ?? 0, this.#record?.silentSinceMs ?? 0)
    this.#record = afterSign(record, { atMs: known, nowMs }, this.#deps.settings)
    this.#earlySignAtMs = undefined
  }

  /** One at a time; what has changed meanwhile follows. */
  async #write(): Promise<void> {
    if (this.#isWriting) return
    this.#isWriting = true
    try {
      for (let next = this.#due(); next !== undefined; next = this.#due()) await this.#store(next)
    } finally {
      this.#isWriting = false
    }
  }

  #due(): PhoneRecord | undefined {
    const record = this.#record
    if (record === undefined || this.#mustWait) return undefined
    return isWorthWriting(this.#stored, record) ? record : undefined
  }

  async #store(record: PhoneRecord): Promise<void> {
    const keys = this.#readFrom
    try {
      await keys?.set({ [PHONE_KEY_TYPE]: { [KEY_ID]: record } })
    } catch (error) {
      this.#mustWait = true
      this.#deps.logger.debug('phone.not-written', { code: errorCodeOf(error) })
      return
    }
    // Another epoch began meanwhile, with rows of its own to compare with.
    if (keys !== this.#readFrom) return
    const before = this.#stored
    this.#stored = record
    this.#tell(before, record)
  }

  #tell(before: PhoneRecord | undefined, now: PhoneRecord): void {
    const { clock, logger } = this.#deps
    switch (newsOf(before, now)) {
      case 'unseen':
        return logger.warn('phone.unseen', {
          silentDays: Math.floor((clock.nowMs() - now.silentSinceMs) / DAY_MS),
          remedy: REMEDY,
        })
      case 'seen-again':
        return logger.info('phone.seen-again', {
          silentDays: Math.floor((now.silentSinceMs - (before?.silentSinceMs ?? 0)) / DAY_MS),
        })
      case undefined:
    }
  }
}
