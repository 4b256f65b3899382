/**
 * The message journal on Postgres, one statement an operation (postgres-journal-sql.ts). Chats and ids are
 * plain columns because they are looked up; texts are sealed under the row's full identity, so that neither
 * a command nor a reply can be moved to another chat.
 */

import { runStatement } from './postgres-statement.ts'
import { SQL } from './postgres-journal-sql.ts'
import type pg from 'pg'
import type { RowCipher, RowIdentity } from '../ports/row-cipher.ts'
import type {
  InboundKey,
  InboundRecord,
  InboundState,
  MessageJournal,
  RecordedReply,
  Reply,
  SentBounds,
} from '../ports/message-journal.ts'
import type { PostgresStoreOptions } from './postgres-session-store.ts'

interface InboundColumns {
  readonly chat: string
  readonly participant: string
  readonly id: string
  readonly state: InboundState
  readonly text: Uint8Array
  readonly sent_at_ms: number
}

interface ReplyColumns {
  readonly reply_id: string
  readonly chat: string
  readonly text: Uint8Array
  readonly recorded_at_ms: number
}

export class PostgresMessageJournal implements MessageJournal {
  readonly #pool: pg.Pool
  readonly #sessionId: string
  readonly #cipher: RowCipher

  constructor(options: PostgresStoreOptions) {
    this.#pool = options.pool
    this.#sessionId = options.sessionId
    this.#cipher = options.cipher
  }

  async recordInbound(entry: {
    readonly epoch: number
    readonly nowMs: number
    readonly message: InboundRecord
  }): Promise<{ readonly status: 'recorded' | 'known'; readonly state: InboundState } | 'stale-epoch'> {
    const { chat, participant, id, text, sentAtMs } = entry.message
    const [row] = await runStatement<{ state: InboundState; is_new: boolean }>(
      this.#pool,
      SQL.recordInbound,
      [
        this.#sessionId,
        entry.epoch,
        chat,
        participant,
        id,
        this.#cipher.seal(text, inboundIdentity(entry.message)),
        sentAtMs,
        entry.nowMs,
      ],
    )
    return row === undefined ? 'stale-epoch' : { status: row.is_new ? 'recorded' : 'known', state: row.state }
  }

  async readUnhandled(query: {
    readonly limit: number
  }): Promise<readonly { readonly message: InboundRecord; readonly state: InboundState }[]> {
    const rows = await runStatement<InboundColumns>(this.#pool, SQL.readUnhandled, [
      this.#sessionId,
      query.limit,
    ])
    return rows.map((row) => {
      const { chat, participant, id, state } = row
      const text = this.#cipher.open(row.text, inboundIdentity(row))
      return { message: { chat, participant, id, text, sentAtMs: row.sent_at_ms }, state }
    })
  }

  async markStarted(mark: {
    readonly epoch: number
    readonly key: InboundKey
  }): Promise<'written' | 'stale-epoch'> {
    const { chat, participant, id } = mark.key
    return this.#write(SQL.markStarted, [mark.epoch, chat, participant, id])
  }

  async recordHandled(entry: {
    readonly epoch: number
    readonly nowMs: number
    readonly key: InboundKey
    readonly reply: Reply | undefined
  }): Promise<'written' | 'stale-epoch'> {
    const { epoch, nowMs, key, reply } = entry
    return this.#write(SQL.recordHandled, [
      epoch,
      key.chat,
      key.participant,
      key.id,
      nowMs,
      reply?.replyId ?? null,
      reply?.chat ?? null,
      reply === undefined ? null : this.#cipher.seal(reply.text, replyIdentity(reply.replyId, reply.chat)),
      reply === undefined ? 0 : Buffer.byteLength(reply.text),
    ])
  }

  async readPendingReplies(query: { readonly limit: number }): Promise<readonly RecordedReply[]> {
    const rows = await runStatement<ReplyColumns>(this.#pool, SQL.readPendingReplies, [
      this.#sessionId,
      query.limit,
    ])
    return rows.map((row) => this.#replyOf(row))
  }

  async settleReply(entry: {
    readonly epoch: number
    readonly replyId: string
    readonly state: 'acked' | 'failed'
  }): Promise<'written' | 'stale-epoch'> {
    return this.#write(SQL.settleReply, [entry.epoch, entry.replyId, entry.state])
  }

  async readTakenChats(query: { readonly limit: number }): Promise<readonly string[]> {
    const values = [this.#sessionId, query.limit]
    const rows = await runStatement<Pick<ReplyColumns, 'chat'>>(this.#pool, SQL.readTakenChats, values)
    return rows.map(({ chat }) => chat)
  }

  async readReply(query: { readonly replyId: string }): Promise<RecordedReply | undefined> {
    const [row] = await runStatement<ReplyColumns>(this.#pool, SQL.readReply, [
      this.#sessionId,
      query.replyId,
    ])
    return row === undefined ? undefined : this.#replyOf(row)
  }

  async prune(entry: {
    readonly epoch: number
    readonly commandsBeforeMs: number
    readonly sent: SentBounds
    readonly limit: number
  }): Promise<number | 'stale-epoch'> {
    const { epoch, commandsBeforeMs, sent, limit } = entry
    const bounds = [commandsBeforeMs, sent.beforeMs, sent.maxCount, sent.maxBytes, limit]
    const [row] = await runStatement<{ deleted: number }>(this.#pool, SQL.prune, [
      this.#sessionId,
      epoch,
      ...bounds,
    ])
    return row === undefined ? 'stale-epoch' : row.deleted
  }

  async #write(
    statement: (typeof SQL)[keyof typeof SQL],
    values: unknown[],
  ): Promise<'written' | 'stale-epoch'> {
    const rows = await runStatement(this.#pool, statement, [this.#sessionId, ...values])
    return rows.length > 0 ? 'written' : 'stale-epoch'
  }

  #replyOf(row: ReplyColumns): RecordedReply {
    const { reply_id: replyId, chat, recorded_at_ms: recordedAtMs } = row
    const text = this.#cipher.open(row.text, replyIdentity(replyId, chat))
    return { replyId, chat, text, recordedAtMs }
  }
}

/** JSON, because any separator may occur inside an id. */
export function inboundIdentity({ chat, participant, id }: InboundKey): RowIdentity {
  return { type: 'inbound', id: JSON.stringify([chat, participant, id]) }
}

export function replyIdentity(replyId: string, chat: string): RowIdentity {
  return { type: 'reply', id: JSON.stringify([replyId, chat]) }
}
