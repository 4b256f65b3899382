/**
 * The replies that the outbox holds in memory, in the order they were recorded. Bounded in replies and in
 * characters, as replies differ in size.
 */

import type { RecordedReply } from '../ports/message-journal.ts'
import type { OutboxEntry } from './outbox-decision.ts'

/** At 2 bytes a character about 4 MB; ordinary replies are far below it. */
const MAX_QUEUED_CHARS = 2_000_000

export class OutboxQueue {
  readonly #maxQueued: number
  readonly #entries = new Map<string, OutboxEntry>()
  #chars = 0

  constructor(maxQueued: number) {
    this.#maxQueued = maxQueued
  }

  get size(): number {
    return this.#entries.size
  }

  get(replyId: string): OutboxEntry | undefined {
    return this.#entries.get(replyId)
  }

  /** Oldest first. */
  values(): Iterable<OutboxEntry> {
    return this.#entries.values()
  }

  /** At most `replies` are left, and half of the characters. */
  isDownTo(replies: number): boolean {
    return this.size <= replies && this.#chars <= MAX_QUEUED_CHARS / 2
  }

  /** False when the queue is full; nothing is added then. Times are monotonic; `sinceMs`: when it was recorded. */
  add(reply: RecordedReply, nowMs: number, sinceMs: number): boolean {
    if (this.size >= this.#maxQueued || this.#chars + reply.text.length > MAX_QUEUED_CHARS) return false
    this.#chars += reply.text.length
    this.#entries.set(reply.replyId, {
      reply,
      sinceMs,
      phase: 'waiting',
      dueMs: nowMs,
      outcome: 'failed',
      sends: 0,
      deferrals: 0,
    })
    return true
  }

  /** False for an entry that was dropped by `clear`, even when its reply was read in again since. */
  remove(entry: OutboxEntry): boolean {
    if (this.#entries.get(entry.reply.replyId) !== entry) return false
    this.#entries.delete(entry.reply.replyId)
    this.#chars -= entry.reply.text.length
    return true
  }

  clear(): void {
    this.#entries.clear()
    this.#chars = 0
  }
}
