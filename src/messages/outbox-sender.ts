/**
 * Sends the outbox's replies over the connection that is open: one at a time, with a gap in between, because
 * bursts get accounts banned. Of the journal it knows only which chats once took a reply. An attempt that belongs
 * to an earlier connection, or was given up, is forgotten, and whatever becomes of it later is ignored.
 */

import { errorCodeOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { OutgoingMessage } from '../ports/whatsapp-socket.ts'
import type { ActiveWork } from './active-work.ts'
import { MAX_KNOWN_CHATS, NewChatLock } from './new-chat-lock.ts'
import { decideRefusal, decideSendFailure, nextSendOf, type OutboxEntry } from './outbox-decision.ts'
import type { OutboxQueue } from './outbox-queue.ts'

export interface OutboxSenderDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly queue: OutboxQueue
  readonly work: ActiveWork
  send(message: OutgoingMessage): Promise<void>
  isUsable(): boolean
  readonly settings: { readonly sendGapMs: number; readonly ackTimeoutMs: number }
  /** The journal's. */
  readTakenChats(query: { readonly limit: number }): Promise<readonly string[]>
  /** A send has come back, or a chat need not wait: it is time to look for the next one. */
  onChange(): void
}

/** How often to look while a connection is open but not usable, and a reply waits. */
const USABLE_POLL_MS = 1_000

export class OutboxSender {
  readonly #deps: OutboxSenderDeps
  readonly #newChats = new NewChatLock()
  #isOpen = false
  #attempt: { readonly entry: OutboxEntry } | undefined
  #nextSendMs = 0

  constructor(deps: OutboxSenderDeps) {
    this.#deps = deps
  }

  /** The connection is another one or gone: what was sent on the one before is to be sent again. */
  connectionChanged(isOpen: boolean): void {
    const nowMs = this.#deps.clock.monotonicMs()
    this.#isOpen = isOpen
    // It may not have been written at all.
    if (this.#attempt?.entry.phase === 'sent') this.#attempt.entry.sends -= 1
    this.#attempt = undefined
    for (const entry of this.#deps.queue.values()) {
      if (entry.phase === 'sent') waitUntil(entry, nowMs)
    }
  }

  /** Begins a send when one is due; returns when (monotonic ms) to look again, if time alone decides that. */
  sendNext(nowMs: number): number | undefined {
    if (!this.#isOpen || this.#attempt !== undefined) return undefined
    const { queue, work } = this.#deps
    const notBeforeMs = Math.max(nowMs, this.#nextSendMs)
    const next = nextSendOf(queue.values(), notBeforeMs, (chat) => this.#newChats.notBeforeMs(chat))
    if (next === undefined || next.atMs > nowMs) return next?.atMs
    if (!this.#deps.isUsable()) return nowMs + USABLE_POLL_MS
    void work.run(() => this.#send(next.entry, nowMs))
    return undefined
  }

  /** The server refused it with an error ack. */
  refused(entry: OutboxEntry, errorCode: number): void {
    const { clock, logger } = this.#deps
    const { delayMs, isCounted, holds } = decideRefusal(errorCode, entry)
    logger.warn('outbox.refused', { errorCode, sends: entry.sends, delayMs })
    waitUntil(entry, clock.monotonicMs() + delayMs)
    if (holds === 'everything') this.#nextSendMs = Math.max(this.#nextSendMs, entry.dueMs)
    if (holds === 'new-chats') {
      this.#newChats.refused(entry.reply.chat, entry.dueMs)
      logger.warn('outbox.new-chats-held', { untilMs: clock.nowMs() + delayMs })
      void this.#deps.work.run(() => this.#recallChats())
    }
    if (isCounted) return
    entry.sends -= 1
    entry.deferrals += 1
  }

  /** The server has it. */
  taken(entry: OutboxEntry): void {
    this.#newChats.taken(entry.reply.chat)
  }

  /** Waits no longer for its send to come back, if that is under way. */
  abandon(entry: OutboxEntry): void {
    if (this.#attempt?.entry === entry) this.#attempt = undefined
  }

  /** The queue was dropped. */
  forget(): void {
    this.#attempt = undefined
  }

  async #send(entry: OutboxEntry, nowMs: number): Promise<void> {
    const { clock, settings } = this.#deps
    const attempt = { entry }
    this.#attempt = attempt
    entry.phase = 'sent'
    entry.sends += 1
    entry.dueMs = nowMs + settings.ackTimeoutMs
    const { replyId: id, chat, text } = entry.reply
    this.#newChats.sent(chat, entry.dueMs)
    try {
      await this.#deps.send({ id, chat, text })
    } catch (error) {
      if (this.#attempt === attempt) this.#sendFailed(entry, error)
    }
    if (this.#attempt !== attempt) return
    this.#attempt = undefined
    this.#nextSendMs = Math.max(this.#nextSendMs, clock.monotonicMs() + settings.sendGapMs)
    this.#deps.onChange()
  }

  /** Tried again at the next refusal; until then the chats of earlier processes wait with the new ones. */
  async #recallChats(): Promise<void> {
    try {
      this.#newChats.recall(await this.#deps.readTakenChats({ limit: MAX_KNOWN_CHATS }))
    } catch (error) {
      if (errorCodeOf(error) === undefined) throw error
      this.#deps.logger.warn('outbox.read-failed', { code: errorCodeOf(error) })
    }
    this.#deps.onChange()
  }

  #sendFailed(entry: OutboxEntry, error: unknown): void {
    const code = errorCodeOf(error)
    this.#deps.logger.warn('outbox.send-failed', { code: code ?? 'unknown', sends: entry.sends })
    const failure = decideSendFailure(code, entry)
    if (failure.kind === 'await-open') this.#isOpen = false
    // Acked or refused by the server all the same, while the send was under way.
    if (entry.phase !== 'sent') return
    waitUntil(entry, this.#deps.clock.monotonicMs() + failure.delayMs)
    if (!failure.isCounted) entry.sends -= 1
  }
}

function waitUntil(entry: OutboxEntry, dueMs: number): void {
  entry.phase = 'waiting'
  entry.dueMs = dueMs
}
