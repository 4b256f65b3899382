/**
 * Many sent messages through the real journal and its retention on a real Postgres: do the bounds hold, and does
 * anything grow? The messages arrive settled and in batches of a tenth of the bound, because the statements of a
 * single one have their own figures; pruning, bounds and cache are the bot's own. Shared with the test suite, which
 * plays fewer.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { PostgresMessageJournal } from '../src/adapters/postgres-message-journal.ts'
import { PostgresSessionStore } from '../src/adapters/postgres-session-store.ts'
import { SystemClock } from '../src/adapters/system-clock.ts'
import { SystemSecureRandom } from '../src/adapters/system-secure-random.ts'
import { Retention } from '../src/messages/retention.ts'
import type { RetentionSettings } from '../src/messages/retention.ts'
import { SentMessages } from '../src/messages/sent-messages.ts'
import type { Logger } from '../src/ports/logger.ts'
import { createRowCipher } from '../src/session/encryption.ts'
import type pg from 'pg'

export interface HistoryOptions {
  readonly pool: pg.Pool
  readonly sessionId: string
  readonly messages: number
  readonly settings: Pick<RetentionSettings, 'maxSent' | 'maxSentBytes'>
  /** Characters of one message's text. */
  readonly chars: number
  readonly logger: Logger
  /** Ten times in the run, after everything was pruned. */
  onTenth(point: HistoryPoint): void
}

export interface HistoryPoint {
  readonly messages: number
  readonly keptCount: number
  readonly keptBytes: number
  /** Bytes in the cache before the journal. */
  readonly cachedBytes: number
  /** Of the table with its indexes, after a vacuum: at real rates the server's own keeps up. */
  readonly tableBytes: number
}

export interface HistoryResult {
  /** The largest seen when a prune was over. */
  readonly mostKept: number
  readonly mostKeptBytes: number
}

const CHAT = '4915000000000@s.whatsapp.net'
const DAY_MS = 86_400_000
/** A prune of a thousand rows takes a few ms. */
const PRUNED_WITHIN_MS = 10_000

export async function playHistory(options: HistoryOptions): Promise<HistoryResult> {
  const { pool, sessionId, messages, settings } = options
  const cipher = createRowCipher({
    sessionId,
    secureRandom: new SystemSecureRandom(),
    keys: [new Uint8Array(32).fill(7)],
  })
  const journal = new PostgresMessageJournal({ pool, sessionId, cipher })
  const lease = await new PostgresSessionStore({ pool, sessionId, cipher }).takeLease({
    owner: 'history',
    expected: undefined,
  })
  const retention = new Retention({
    clock: new SystemClock(),
    logger: options.logger,
    journal,
    epoch: () => lease?.epoch,
    settings: { ...settings, keepCommandsMs: DAY_MS, keepSentMs: DAY_MS, intervalMs: DAY_MS },
  })
  const sent = new SentMessages({ journal })
  retention.start()
  const result = { mostKept: 0, mostKeptBytes: 0 }
  const batch = Math.ceil(settings.maxSent / 10)
  const text = 'x'.repeat(options.chars)
  for (let from = 0; from < messages; from += batch) {
    const ids = Array.from({ length: Math.min(batch, messages - from) }, (_, index) => `m-${from + index}`)
    const values = ids.map((id) => cipher.seal(text, { type: 'reply', id: JSON.stringify([id, CHAT]) }))
    await pool.query(INSERT, [sessionId, ids, values, CHAT, Date.now(), from, options.chars])
    for (const replyId of ids) retention.noteSettled({ replyId, chat: CHAT, text })
    // What recipients ask for: the newest, something older, and what is long gone.
    for (const back of [1, batch, 20 * batch]) await sent.read(`m-${from + ids.length - back}`)
    const kept = await whenPruned(options)
    result.mostKept = Math.max(result.mostKept, kept.count)
    result.mostKeptBytes = Math.max(result.mostKeptBytes, kept.bytes)
    const done = from + ids.length
    if (Math.floor((done * 10) / messages) === Math.floor((from * 10) / messages)) continue
    options.onTenth({
      messages: done,
      keptCount: kept.count,
      keptBytes: kept.bytes,
      cachedBytes: sent.cachedBytes,
      tableBytes: await tableBytes(pool),
    })
  }
  await retention.stop()
  return result
}

const INSERT = `
  INSERT INTO blacksky_replies (session_id, reply_id, chat, text, state, recorded_at_ms, text_bytes)
  SELECT $1, r.id, $4, r.value, 'acked', $5::bigint + $6::bigint + r.place, $7::integer
  FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS r (id, value, place)`

/** Once the bounds hold, or when they have had time enough to. */
async function whenPruned({ pool, sessionId, settings }: HistoryOptions) {
  const untilMs = performance.now() + PRUNED_WITHIN_MS
  for (;;) {
    const { rows } = await pool.query<{ count: string; bytes: string }>(
      `SELECT count(*) AS count, coalesce(sum(text_bytes), 0) AS bytes FROM blacksky_replies WHERE session_id = $1`,
      [sessionId],
    )
    const kept = { count: Number(rows[0]?.count), bytes: Number(rows[0]?.bytes) }
    const doHold = kept.count <= settings.maxSent && kept.bytes <= settings.maxSentBytes
    if (doHold || performance.now() > untilMs) return kept
    await delay(2)
  }
}

async function tableBytes(pool: pg.Pool): Promise<number> {
  await pool.query('VACUUM blacksky_replies')
  const { rows } = await pool.query<{ bytes: string }>(
    `SELECT pg_total_relation_size('blacksky_replies') AS bytes`,
  )
  return Number(rows[0]?.bytes)
}
