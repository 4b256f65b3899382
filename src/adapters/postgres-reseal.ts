/**
 * Writes a session's rows anew under the present encryption key, so that the key before can be taken away. Safe
 * beside a running bot: each row is replaced by itself, and only if it still is what was read, so whatever the bot
 * writes meanwhile stands, and no two statements can wait for each other in a circle.
 */

import { errorCodeOf } from '../errors.ts'
import { inboundIdentity, replyIdentity } from './postgres-message-journal.ts'
import { runStatement } from './postgres-statement.ts'
import type pg from 'pg'
import type { RowCipher, RowIdentity } from '../ports/row-cipher.ts'
import type { Statement } from './postgres-statement.ts'

export interface ResealReport {
  readonly resealed: number
  /** Already under the present key. */
  readonly current: number
  /** Damaged, or sealed under a key that was not given: left as they are. */
  readonly unreadable: number
}

interface Row {
  readonly value: Uint8Array
  /** The row's primary key within the session, as text. */
  readonly key: string[]
}

interface Table {
  readonly read: Statement
  readonly replace: Statement
  readonly identity: (key: readonly string[]) => RowIdentity
}

/** Rows of one statement: a page of ratchets is some hundred kilobytes. */
const PAGE_ROWS = 500

const TABLES: readonly Table[] = [
  table('blacksky_creds', 'value', ['version'], () => ({ type: 'creds', id: '' })),
  table('blacksky_keys', 'value', ['type', 'id'], ([type = '', id = '']) => ({ type, id })),
  table('blacksky_inbound', 'text', ['chat', 'participant', 'id'], ([chat = '', participant = '', id = '']) =>
    inboundIdentity({ chat, participant, id }),
  ),
  table('blacksky_replies', 'text', ['reply_id', 'chat'], ([replyId = '', chat = '']) =>
    replyIdentity(replyId, chat),
  ),
]

/** @throws AppError `store-*` */
export async function resealRows(deps: {
  readonly pool: pg.Pool
  readonly sessionId: string
  /** Seals under the present key and opens under both. */
  readonly cipher: RowCipher
  readonly isCurrent: (sealed: Uint8Array) => boolean
}): Promise<ResealReport> {
  const report = { resealed: 0, current: 0, unreadable: 0 }
  for (const each of TABLES) {
    let after: readonly string[] | undefined
    for (;;) {
      const rows = await readPage(deps, each, after)
      for (const row of rows) report[await reseal(deps, each, row)] += 1
      after = rows.at(-1)?.key
      if (after === undefined) break
    }
  }
  return report
}

async function readPage(
  deps: Parameters<typeof resealRows>[0],
  { read }: Table,
  after: readonly string[] | undefined,
): Promise<Row[]> {
  const values = [deps.sessionId, after ?? null, PAGE_ROWS]
  const rows = await runStatement<{ key: string; value: Uint8Array }>(deps.pool, read, values)
  return rows.map(({ key, value }) => ({ key: JSON.parse(key) as string[], value }))
}

async function reseal(
  { pool, sessionId, cipher, isCurrent }: Parameters<typeof resealRows>[0],
  { replace, identity }: Table,
  { key, value }: Row,
): Promise<keyof ResealReport> {
  if (isCurrent(value)) return 'current'
  const row = identity(key)
  try {
    const sealed = cipher.seal(cipher.open(value, row), row)
    // One that has changed meanwhile was written by the bot, which has the present key.
    await runStatement(pool, replace, [sessionId, key, value, sealed])
    return 'resealed'
  } catch (error) {
    const code = errorCodeOf(error)
    if (code === 'store-corrupt' || code === 'encryption-key-missing') return 'unreadable'
    throw error
  }
}

/** Keys are compared as arrays of text: any order will do that is the same from page to page. */
function table(
  name: string,
  column: string,
  keyColumns: readonly string[],
  identity: (key: readonly string[]) => RowIdentity,
): Table {
  const key = `ARRAY[${keyColumns.map((each) => `${each}::text COLLATE "C"`).join(', ')}]`
  return {
    identity,
    read: {
      name: `reseal-read-${name}`,
      isWrite: false,
      text: `
        SELECT to_json(${key})::text AS key, ${column} AS value FROM ${name}
        WHERE session_id = $1 AND ${column} IS NOT NULL AND ($2::text[] IS NULL OR ${key} > $2::text[] COLLATE "C")
        ORDER BY ${key} LIMIT $3`,
    },
    replace: {
      name: `reseal-replace-${name}`,
      isWrite: true,
      text: `UPDATE ${name} SET ${column} = $4 WHERE session_id = $1 AND ${key} = $2::text[] AND ${column} = $3`,
    },
  }
}
