/**
 * Sent messages by their ids, for recipients who could not decrypt them and ask for them again. The journal keeps
 * them, within the bounds of retention.ts; here is a small cache before it, because such requests come in bursts:
 * one for each device of a recipient, and again for each retry. A message never changes, so nothing in the cache
 * goes out of date. Bound: `limitBytes` of texts and ids; the least recently asked for goes first.
 */

import { Buffer } from 'node:buffer'
import type { MessageJournal, Reply } from '../ports/message-journal.ts'
import type { Reclaimer } from '../ports/reclaimer.ts'

/** A few hundred ordinary messages. */
const DEFAULT_LIMIT_BYTES = 262_144
/** An allowance for a map's slot, the strings' headers and the object; an estimate. */
const ENTRY_OVERHEAD_BYTES = 200

export class SentMessages {
  readonly reclaimer: Reclaimer = { name: 'sent-messages', cost: 5, reclaim: () => this.#clear() }
  readonly #journal: Pick<MessageJournal, 'readReply'>
  readonly #limitBytes: number
  /** Oldest use first. */
  readonly #cached = new Map<string, { readonly reply: Reply; readonly bytes: number }>()
  #bytes = 0

  constructor(deps: { readonly journal: Pick<MessageJournal, 'readReply'>; readonly limitBytes?: number }) {
    this.#journal = deps.journal
    this.#limitBytes = deps.limitBytes ?? DEFAULT_LIMIT_BYTES
  }

  get cachedBytes(): number {
    return this.#bytes
  }

  /**
   * Undefined when it is not kept any more, or was never sent by this bot.
   * @throws AppError `store-*`, `encryption-key-missing`
   */
  async read(messageId: string): Promise<Reply | undefined> {
    const cached = this.#cached.get(messageId)
    if (cached !== undefined) {
      this.#cached.delete(messageId)
      this.#cached.set(messageId, cached)
      return cached.reply
    }
    const reply = await this.#journal.readReply({ replyId: messageId })
    if (reply !== undefined) this.#keep(reply)
    return reply
  }

  #keep(reply: Reply): void {
    const { replyId, chat, text } = reply
    if (this.#cached.has(replyId)) return
    const bytes = ENTRY_OVERHEAD_BYTES + Buffer.byteLength(text) + replyId.length + chat.length
    if (bytes > this.#limitBytes) return
    this.#cached.set(replyId, { reply, bytes })
    this.#bytes += bytes
    for (const [oldestId, oldest] of this.#cached) {
      if (this.#bytes <= this.#limitBytes) return
      this.#cached.delete(oldestId)
      this.#bytes -= oldest.bytes
    }
  }

  #clear(): void {
    this.#cached.clear()
    this.#bytes = 0
  }
}
