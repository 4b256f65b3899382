/**
 * Delivers the replies that the journal holds pending, until the server's ack settles each. A reply is sent again
 * only after a reconnect or a crash, or when its ack is missing too long, and always with the same id, which makes
 * it the same message. Each reply ends acked, or failed (given up, and logged), or is still pending in the journal.
 *
 * Memory holds a bounded part of what is pending (see backlog.ts). One timer at most, none when there is nothing
 * to wait for.
 */

import { errorCodeOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { MessageJournal, RecordedReply } from '../ports/message-journal.ts'
import type { OutgoingMessage } from '../ports/whatsapp-socket.ts'
import { ActiveWork } from './active-work.ts'
import { Backlog } from './backlog.ts'
import { EpochGuard } from './epoch-guard.ts'
import {
  decideDue,
  soonestDueMs,
  soonestOf,
  STORE_RETRY_DELAY_MS,
  type OutboxEntry,
} from './outbox-decision.ts'
import { OutboxQueue } from './outbox-queue.ts'
import { OutboxSender } from './outbox-sender.ts'
import { WakeTimer } from './wake-timer.ts'

export interface OutboxSettings {
  /** Replies in memory; what is beyond waits in the journal. */
  readonly maxQueued: number
  /** From the end of one send to the beginning of the next. */
  readonly sendGapMs: number
  readonly ackTimeoutMs: number
  /** A reply is given up when it could not be delivered for so long since it was recorded. */
  readonly expiryMs: number
  /** A reply is given up after so many sends, resends after a reconnect included, counted anew in each process. */
  readonly maxSendsPerReply: number
}

export interface OutboxDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly journal: Pick<MessageJournal, 'readPendingReplies' | 'settleReply' | 'readTakenChats'>
  /** The lease's epoch; undefined without a proven lease. */
  epoch(): number | undefined
  /** Resolves when written to the socket; the ack comes by `acked`. */
  send(message: OutgoingMessage): Promise<void>
  isUsable(): boolean
  /** The journal knows how it ended: nothing is owed any more. */
  onSettled(reply: RecordedReply): void
  readonly settings: OutboxSettings
}

/** Replies read from the journal at a time. */
const MAX_PAGE = 100

export class Outbox {
  readonly #deps: OutboxDeps
  readonly #queue: OutboxQueue
  readonly #guard: EpochGuard
  readonly #backlog: Backlog<RecordedReply>
  readonly #pageSize: number
  readonly #work = new ActiveWork()
  readonly #timer: WakeTimer
  readonly #sender: OutboxSender
  #isStopped = false
  #nextReadMs = 0

  constructor(deps: OutboxDeps) {
    const { clock, journal, settings } = deps
    this.#deps = deps
    this.#timer = new WakeTimer(clock, 'outbox.wake', () => this.#advance())
    this.#queue = new OutboxQueue(settings.maxQueued)
    this.#sender = new OutboxSender({
      clock,
      logger: deps.logger,
      queue: this.#queue,
      work: this.#work,
      send: (message) => deps.send(message),
      isUsable: () => deps.isUsable(),
      settings,
      readTakenChats: (query) => journal.readTakenChats(query),
      onChange: () => this.#advance(),
    })
    this.#pageSize = Math.min(settings.maxQueued, MAX_PAGE)
    this.#guard = new EpochGuard({ epoch: () => deps.epoch(), onChange: () => this.#forgetEverything() })
    this.#backlog = new Backlog({
      pageSize: this.#pageSize,
      read: () => journal.readPendingReplies({ limit: this.#pageSize }),
      keyOf: ({ replyId }) => replyId,
      has: (replyId) => this.#queue.get(replyId) !== undefined,
      add: (reply) => (this.#addToQueue(reply) ? 'added' : 'full'),
      hasRoom: () => this.#isWorthReading(),
      onFailure: (error) => {
        this.#nextReadMs = clock.monotonicMs() + STORE_RETRY_DELAY_MS
        this.#logFailure('outbox.read-failed', error)
      },
    })
  }

  /** Call it when the journal has recorded the reply as pending. */
  enqueue(reply: RecordedReply): void {
    if (this.#isStopped || this.#queue.get(reply.replyId) !== undefined) return
    const isOwner = this.#guard.current() !== undefined
    const isTaken = isOwner && !this.#backlog.isBehind && this.#addToQueue(reply)
    if (!isTaken) this.#backlog.markBehind()
    this.#advance()
  }

  /** The server's word on a sent message; `errorCode` undefined means that it has it. */
  acked(messageId: string, errorCode: number | undefined): void {
    const entry = this.#queue.get(messageId)
    if (this.#isStopped || entry === undefined) return
    if (errorCode !== undefined) {
      if (entry.phase !== 'sent') return
      this.#sender.refused(entry, errorCode)
      this.#advance()
    } else if (entry.phase === 'sent' || entry.phase === 'waiting') {
      this.#sender.taken(entry)
      void this.#work.run(() => this.#settle(entry, 'acked'))
    }
  }

  /** Sends what is pending; what no ack has answered is sent again, with the same id. */
  connectionOpened(): void {
    this.#sender.connectionChanged(true)
    this.#advance()
  }

  connectionClosed(): void {
    this.#sender.connectionChanged(false)
    this.#advance()
  }

  /**
   * Reads what the journal holds pending; call it after the start and after each gained lease. Resolves when that
   * was tried: a failure is logged and tried again by itself.
   */
  async resume(): Promise<void> {
    if (this.#isStopped || this.#guard.current() === undefined) return
    this.#backlog.markBehind()
    await this.#work.run(() => this.#catchUp())
  }

  /** Sends nothing more; resolves when the send and the settlements under way have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer.set(undefined)
    await this.#work.idle()
  }

  /** Unsettled replies in memory; more may wait in the journal. */
  pendingCount(): number {
    return this.#queue.size
  }

  /** A time in the future, as another dyno's clock may have given it, counts as now. */
  #addToQueue(reply: RecordedReply): boolean {
    const { clock } = this.#deps
    const nowMs = clock.monotonicMs()
    const ageMs = Math.max(0, clock.nowMs() - reply.recordedAtMs)
    return this.#queue.add(reply, nowMs, nowMs - ageMs)
  }

  /** Does what is due, and sets the timer for what is due next. */
  #advance(): void {
    if (this.#isStopped) return
    // Without a lease nothing is sent or settled; `resume` or the next `open` goes on.
    if (this.#guard.current() === undefined) return this.#timer.set(undefined)
    const nowMs = this.#deps.clock.monotonicMs()
    for (const entry of this.#queue.values()) this.#performDue(entry, nowMs)
    const readAtMs = this.#readNext(nowMs)
    const sendAtMs = this.#sender.sendNext(nowMs)
    this.#timer.set(soonestOf(readAtMs, sendAtMs, soonestDueMs(this.#queue.values())))
  }

  #performDue(entry: OutboxEntry, nowMs: number): void {
    const step = decideDue(entry, nowMs, this.#deps.settings)
    if (step === 'none') return
    // Its send may never have come back: it is not waited for any longer.
    this.#sender.abandon(entry)
    switch (step) {
      case 'resend':
        this.#deps.logger.warn('outbox.ack-missing', { sends: entry.sends })
        entry.phase = 'waiting'
        return
      case 'settle':
        void this.#work.run(() => this.#settle(entry, entry.outcome))
        return
      case 'give-up':
        this.#deps.logger.warn('outbox.given-up', { sends: entry.sends, ageMs: nowMs - entry.sinceMs })
        void this.#work.run(() => this.#settle(entry, 'failed'))
    }
  }

  /** Begins a read when one is due; returns when to look again. */
  #readNext(nowMs: number): number | undefined {
    if (!this.#backlog.wantsRead || !this.#isWorthReading()) return undefined
    if (this.#nextReadMs > nowMs) return this.#nextReadMs
    void this.#work.run(() => this.#catchUp())
    return undefined
  }

  async #settle(entry: OutboxEntry, outcome: 'acked' | 'failed'): Promise<void> {
    const { clock, journal } = this.#deps
    entry.phase = 'settling'
    entry.outcome = outcome
    const { replyId } = entry.reply
    try {
      const epoch = this.#guard.require()
      const written = await journal.settleReply({ epoch, replyId, state: outcome })
      if (written === 'stale-epoch') this.#guard.refuse(epoch)
      else if (this.#queue.remove(entry)) this.#finished(entry)
    } catch (error) {
      if (errorCodeOf(error) === undefined) throw error
      this.#logFailure('outbox.settle-failed', error)
      entry.phase = 'unsettled'
      entry.dueMs = clock.monotonicMs() + STORE_RETRY_DELAY_MS
    }
    this.#advance()
  }

  #finished({ reply }: OutboxEntry): void {
    this.#backlog.noteFinished(reply.replyId)
    this.#deps.onSettled(reply)
  }

  async #catchUp(): Promise<void> {
    await this.#backlog.catchUp()
    this.#advance()
  }

  /** Half empty: a page then brings something new, as the queue holds less than a page. */
  #isWorthReading(): boolean {
    return !this.#isStopped && this.#queue.isDownTo(Math.floor((this.#pageSize - 1) / 2))
  }

  #forgetEverything(): void {
    this.#sender.forget()
    this.#queue.clear()
    this.#backlog.forget()
  }

  #logFailure(event: string, error: unknown): void {
    this.#deps.logger.warn(event, { code: errorCodeOf(error) ?? 'unknown', pending: this.#queue.size })
  }
}
