/**
 * The message journal over an InMemoryDatabase: the values and the order that Postgres gives. Unhandled
 * commands and pending replies are kept apart, so that reading them never walks through the history.
 */

import { Buffer } from 'node:buffer'
import { compareByteOrder } from './byte-order.ts'
import type {
  InboundKey,
  InboundRecord,
  InboundState,
  MessageJournal,
  RecordedReply,
  Reply,
  SentBounds,
} from '../../src/ports/message-journal.ts'
import type { InboundCell, InMemoryDatabase, ReplyCell, SessionRows } from './in-memory-database.ts'

export class InMemoryMessageJournal implements MessageJournal {
  readonly #rows: SessionRows

  constructor(options: { readonly database: InMemoryDatabase; readonly sessionId: string }) {
    this.#rows = options.database.session(options.sessionId)
  }

  recordInbound(entry: {
    readonly epoch: number
    readonly nowMs: number
    readonly message: InboundRecord
  }): Promise<{ readonly status: 'recorded' | 'known'; readonly state: InboundState } | 'stale-epoch'> {
    const { epoch, nowMs, message } = entry
    if (this.#isStale(epoch)) return Promise.resolve('stale-epoch')
    const key = cellKey(message)
    const known = this.#rows.inbound.get(key)
    if (known !== undefined) return Promise.resolve({ status: 'known', state: known.state })
    const cell: InboundCell = { message, state: 'received', recordedAtMs: nowMs }
    this.#rows.inbound.set(key, cell)
    this.#rows.unhandled.set(key, cell)
    return Promise.resolve({ status: 'recorded', state: 'received' })
  }

  readUnhandled(query: {
    readonly limit: number
  }): Promise<readonly { readonly message: InboundRecord; readonly state: InboundState }[]> {
    const { unhandled } = this.#rows
    if (unhandled.size === 0) return Promise.resolve([])
    const oldest = [...unhandled.values()].toSorted(compareInbound).slice(0, query.limit)
    return Promise.resolve(oldest.map(({ message, state }) => ({ message: recordOf(message), state })))
  }

  markStarted(mark: {
    readonly epoch: number
    readonly key: InboundKey
  }): Promise<'written' | 'stale-epoch'> {
    if (this.#isStale(mark.epoch)) return Promise.resolve('stale-epoch')
    const cell = this.#rows.unhandled.get(cellKey(mark.key))
    if (cell !== undefined) cell.state = 'started'
    return Promise.resolve('written')
  }

  recordHandled(entry: {
    readonly epoch: number
    readonly nowMs: number
    readonly key: InboundKey
    readonly reply: Reply | undefined
  }): Promise<'written' | 'stale-epoch'> {
    const { epoch, nowMs, key, reply } = entry
    const { unhandled, replies, pending } = this.#rows
    if (this.#isStale(epoch)) return Promise.resolve('stale-epoch')
    const name = cellKey(key)
    const cell = unhandled.get(name)
    if (cell === undefined) return Promise.resolve('written')
    cell.state = 'handled'
    cell.message = { ...cell.message, text: '' }
    unhandled.delete(name)
    if (reply !== undefined && !replies.has(reply.replyId)) {
      const { replyId, chat, text } = reply
      const replyCell: ReplyCell = { reply: { replyId, chat, text }, state: 'pending', recordedAtMs: nowMs }
      replies.set(replyId, replyCell)
      pending.set(replyId, replyCell)
    }
    return Promise.resolve('written')
  }

  readPendingReplies(query: { readonly limit: number }): Promise<readonly RecordedReply[]> {
    const { pending } = this.#rows
    if (pending.size === 0) return Promise.resolve([])
    const oldest = [...pending.values()].toSorted(compareReplies).slice(0, query.limit)
    return Promise.resolve(oldest.map(recordedOf))
  }

  settleReply(entry: {
    readonly epoch: number
    readonly replyId: string
    readonly state: 'acked' | 'failed'
  }): Promise<'written' | 'stale-epoch'> {
    if (this.#isStale(entry.epoch)) return Promise.resolve('stale-epoch')
    const cell = this.#rows.pending.get(entry.replyId)
    if (cell !== undefined) {
      cell.state = entry.state
      this.#rows.pending.delete(entry.replyId)
    }
    return Promise.resolve('written')
  }

  readTakenChats(query: { readonly limit: number }): Promise<readonly string[]> {
    const latestMs = new Map<string, number>()
    for (const { reply, state, recordedAtMs } of this.#rows.replies.values()) {
      if (state !== 'acked') continue
      latestMs.set(reply.chat, Math.max(recordedAtMs, latestMs.get(reply.chat) ?? recordedAtMs))
    }
    const latestFirst = [...latestMs].toSorted(([a, aMs], [b, bMs]) => bMs - aMs || compareByteOrder(a, b))
    return Promise.resolve(latestFirst.slice(0, query.limit).map(([chat]) => chat))
  }

  readReply(query: { readonly replyId: string }): Promise<RecordedReply | undefined> {
    const cell = this.#rows.replies.get(query.replyId)
    return Promise.resolve(cell === undefined ? undefined : recordedOf(cell))
  }

  prune(entry: {
    readonly epoch: number
    readonly commandsBeforeMs: number
    readonly sent: SentBounds
    readonly limit: number
  }): Promise<number | 'stale-epoch'> {
    if (this.#isStale(entry.epoch)) return Promise.resolve('stale-epoch')
    const { inbound, replies } = this.#rows
    const commands = [...inbound]
      .filter(([, { state, recordedAtMs }]) => state === 'handled' && recordedAtMs < entry.commandsBeforeMs)
      .toSorted(([, a], [, b]) => compareHandled(a, b))
      .slice(0, entry.limit)
    for (const [key] of commands) inbound.delete(key)
    const excess = excessOf([...replies.values()], entry.sent).slice(0, entry.limit)
    for (const { reply } of excess) replies.delete(reply.replyId)
    return Promise.resolve(commands.length + excess.length)
  }

  #isStale(epoch: number): boolean {
    return this.#rows.lease?.epoch !== epoch
  }
}

/** NUL is the one character that Postgres keeps out of these columns. */
function cellKey({ chat, participant, id }: InboundKey): string {
  return `${chat}\u0000${participant}\u0000${id}`
}

function recordOf({ chat, participant, id, text, sentAtMs }: InboundRecord): InboundRecord {
  return { chat, participant, id, text, sentAtMs }
}

function recordedOf({ reply, recordedAtMs }: ReplyCell): RecordedReply {
  return { ...reply, recordedAtMs }
}

function compareInbound({ message: a }: InboundCell, { message: b }: InboundCell): number {
  return (
    a.sentAtMs - b.sentAtMs ||
    compareByteOrder(a.chat, b.chat) ||
    compareByteOrder(a.participant, b.participant) ||
    compareByteOrder(a.id, b.id)
  )
}

function compareHandled(a: InboundCell, b: InboundCell): number {
  return (
    a.recordedAtMs - b.recordedAtMs ||
    compareByteOrder(a.message.chat, b.message.chat) ||
    compareByteOrder(a.message.participant, b.message.participant) ||
    compareByteOrder(a.message.id, b.message.id)
  )
}

/** Settled replies beyond the bounds, oldest first. */
function excessOf(replies: readonly ReplyCell[], bounds: SentBounds): ReplyCell[] {
  const newestFirst = replies
    .filter(({ state }) => state !== 'pending')
    .toSorted((a, b) => compareReplies(b, a))
  let bytes = 0
  const excess = newestFirst.filter(({ reply, recordedAtMs }, index) => {
    bytes += Buffer.byteLength(reply.text)
    return recordedAtMs < bounds.beforeMs || index >= bounds.maxCount || bytes > bounds.maxBytes
  })
  return excess.toReversed()
}

function compareReplies(a: ReplyCell, b: ReplyCell): number {
  return a.recordedAtMs - b.recordedAtMs || compareByteOrder(a.reply.replyId, b.reply.replyId)
}
