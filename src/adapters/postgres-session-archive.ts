/**
 * A session's rows as a whole, for moving it and for putting it aside: what the bot itself never does. One statement
 * an operation, like the stores. Surprising: what is put aside keeps its rows under another session's name and stays
 * sealed under the old one, so it is read with the cipher of the session that it was.
 */

import { errorCodeOf } from '../errors.ts'
import { runStatement } from './postgres-statement.ts'
import type pg from 'pg'
import type { RowCipher } from '../ports/row-cipher.ts'
import type { LeaseStamp } from '../ports/session-store.ts'
import type { Statement } from './postgres-statement.ts'

export interface WholeSession {
  /** The newest credentials; undefined when there are none. */
  readonly creds: string | undefined
  readonly keys: readonly { readonly type: string; readonly id: string; readonly value: string }[]
  /** Keys whose rows fail their integrity check; they are left out. */
  readonly unreadableKeys: number
}

export interface AsideSession {
  /** Session id, `~` and the epoch under which it was put aside. */
  readonly name: string
  readonly versions: number
  readonly keys: number
}

interface Row {
  readonly is_creds: boolean
  readonly type: string
  readonly id: string
  readonly value: Uint8Array
}

const SQL = {
  hasTables: {
    name: 'archive-has-tables',
    isWrite: false,
    text: `SELECT to_regclass('blacksky_lease') IS NOT NULL AS is_there`,
  },
  readAll: {
    name: 'archive-read-all',
    isWrite: false,
    text: `
      SELECT is_creds, type, id, value FROM (
        (SELECT true AS is_creds, '' AS type, '' AS id, value FROM blacksky_creds
         WHERE session_id = $1 ORDER BY version DESC LIMIT 1)
        UNION ALL
        SELECT false, type, id, value FROM blacksky_keys WHERE session_id = $1
      ) AS rows ORDER BY is_creds DESC, type, id`,
  },
  listAside: {
    name: 'archive-list-aside',
    isWrite: false,
    text: `
      SELECT c.session_id AS name, count(*) AS versions,
        (SELECT count(*) FROM blacksky_keys AS k WHERE k.session_id = c.session_id) AS keys
      FROM blacksky_creds AS c
      WHERE left(c.session_id, length($1) + 1) = $1 || '~' GROUP BY 1 ORDER BY 1`,
  },
  // The lease row stays where it is and its epoch grows: no process of the time before may ever write again.
  putAside: {
    name: 'archive-put-aside',
    isWrite: true,
    text: `
      WITH lease AS (
        UPDATE blacksky_lease SET owner = $2, epoch = epoch + 1, counter = 0, is_released = true, halted_by = NULL
        WHERE session_id = $1 AND epoch = $3 AND counter = $4
        RETURNING session_id, session_id || '~' || epoch AS aside
      ), creds AS (
        UPDATE blacksky_creds AS t SET session_id = l.aside FROM lease AS l WHERE t.session_id = l.session_id
      ), keys AS (
        UPDATE blacksky_keys AS t SET session_id = l.aside FROM lease AS l WHERE t.session_id = l.session_id
      ), inbound AS (
        UPDATE blacksky_inbound AS t SET session_id = l.aside FROM lease AS l WHERE t.session_id = l.session_id
      ), replies AS (
        UPDATE blacksky_replies AS t SET session_id = l.aside FROM lease AS l WHERE t.session_id = l.session_id
      )
      SELECT aside FROM lease`,
  },
} as const satisfies Record<string, Statement>

export class PostgresSessionArchive {
  readonly #pool: pg.Pool
  readonly #sessionId: string
  readonly #cipher: RowCipher

  constructor(options: { readonly pool: pg.Pool; readonly sessionId: string; readonly cipher: RowCipher }) {
    this.#pool = options.pool
    this.#sessionId = options.sessionId
    this.#cipher = options.cipher
  }

  /** False for a database that this bot has never used. */
  async hasTables(): Promise<boolean> {
    const [row] = await runStatement<{ is_there: boolean }>(this.#pool, SQL.hasTables, [])
    return row?.is_there === true
  }

  /**
   * @param name of a session that was put aside; left out, the session itself
   * @throws AppError `store-corrupt` when the newest credentials do not open; `encryption-key-missing`
   */
  async readAll(name = this.#sessionId): Promise<WholeSession> {
    const rows = await runStatement<Row & pg.QueryResultRow>(this.#pool, SQL.readAll, [name])
    let creds: string | undefined
    const keys: { type: string; id: string; value: string }[] = []
    let unreadableKeys = 0
    for (const { is_creds: isCreds, type, id, value } of rows) {
      if (isCreds) creds = this.#cipher.open(value, { type: 'creds', id: '' })
      else {
        const text = this.#openKey(type, id, value)
        if (text === undefined) unreadableKeys += 1
        else keys.push({ type, id, value: text })
      }
    }
    return { creds, keys, unreadableKeys }
  }

  async listAside(): Promise<readonly AsideSession[]> {
    return runStatement<AsideSession & pg.QueryResultRow>(this.#pool, SQL.listAside, [this.#sessionId])
  }

  /**
   * Leaves the session empty, released and not halted; nothing is deleted. Returns the name under which it is kept,
   * or undefined when the lease has changed meanwhile, and then nothing has happened.
   */
  async putAside(as: { readonly owner: string; readonly expected: LeaseStamp }): Promise<string | undefined> {
    const { owner, expected } = as
    const [row] = await runStatement<{ aside: string }>(this.#pool, SQL.putAside, [
      this.#sessionId,
      owner,
      expected.epoch,
      expected.counter,
    ])
    return row?.aside
  }

  #openKey(type: string, id: string, value: Uint8Array): string | undefined {
    try {
      return this.#cipher.open(value, { type, id })
    } catch (error) {
      if (errorCodeOf(error) !== 'store-corrupt') throw error
      return undefined
    }
  }
}
