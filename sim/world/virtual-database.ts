/**
 * The stores behind the gate: one session on real Postgres, or in memory under the same contract. One server
 * and one migrated database serve many runs; each run is a session of its own, so nothing has to be created
 * or dropped between runs.
 */

import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { migrateDatabase } from '../../src/adapters/postgres-migrate.ts'
import { PostgresMessageJournal } from '../../src/adapters/postgres-message-journal.ts'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { COLUMNS } from '../../src/adapters/postgres-schema.ts'
import { PostgresSessionStore } from '../../src/adapters/postgres-session-store.ts'
import { SILENT_LOGGER } from '../../src/ports/silent-logger.ts'
import type { MessageJournal } from '../../src/ports/message-journal.ts'
import type { SecureRandom } from '../../src/ports/secure-random.ts'
import type { SessionStore } from '../../src/ports/session-store.ts'
import { createRowCipher } from '../../src/session/encryption.ts'
import { InMemoryDatabase } from '../fakes/in-memory-database.ts'
import { InMemoryMessageJournal } from '../fakes/in-memory-message-journal.ts'
import { InMemorySessionStore } from '../fakes/in-memory-session-store.ts'

/** The two stores of one session, for one process. */
export interface StorePair {
  readonly sessionStore: SessionStore
  readonly messageJournal: MessageJournal
}

/** One run's session. */
export interface SessionStores {
  /** `cipherRandom` gives the nonces of sealed rows; a stream of its own, for it is drawn on Postgres only. */
  open(cipherRandom: SecureRandom): StorePair
  /** Removes all the session's rows. */
  forget(): Promise<void>
}

export interface VirtualDatabase {
  readonly url: string
  /** E.g. `PostgreSQL 18.4`. */
  readonly describe: string
  newSession(): SessionStores
  close(): Promise<void>
}

/** Rows in the lab are sealed as in production, under a key that guards nothing. */
const LAB_KEY = new Uint8Array(32).fill(7)
const TABLES = Object.keys(COLUMNS)

/**
 * Connects, migrates, and answers for the sessions of many runs.
 * @throws AppError `store-*` when the database cannot be used
 */
export async function openVirtualDatabase(url: string): Promise<VirtualDatabase> {
  const pool = createPool({
    databaseUrl: url,
    maxConnections: 1,
    ssl: 'auto',
    applicationName: 'blacksky-lab',
    logger: SILENT_LOGGER,
  })
  try {
    await migrateDatabase({ pool, logger: SILENT_LOGGER })
    const { rows } = await pool.query<{ server_version: string }>('SHOW server_version')
    return new PostgresVirtualDatabase(url, pool, `PostgreSQL ${rows[0]?.server_version.split(' ')[0] ?? ''}`)
  } catch (error) {
    await pool.end()
    throw error
  }
}

/** A database of one run's own, in memory. */
export function openInMemorySession(): SessionStores {
  const database = new InMemoryDatabase()
  const sessionId = 'lab'
  const pair: StorePair = {
    sessionStore: new InMemorySessionStore({ database, sessionId }),
    messageJournal: new InMemoryMessageJournal({ database, sessionId }),
  }
  return { open: () => pair, forget: () => Promise.resolve() }
}

class PostgresVirtualDatabase implements VirtualDatabase {
  readonly url: string
  readonly describe: string
  readonly #pool: pg.Pool

  constructor(url: string, pool: pg.Pool, describe: string) {
    this.url = url
    this.#pool = pool
    this.describe = describe
  }

  newSession(): SessionStores {
    const sessionId = `lab-${randomUUID()}`
    const pool = this.#pool
    return {
      open: (cipherRandom) => {
        const cipher = createRowCipher({ sessionId, secureRandom: cipherRandom, keys: [LAB_KEY] })
        return {
          sessionStore: new PostgresSessionStore({ pool, sessionId, cipher }),
          messageJournal: new PostgresMessageJournal({ pool, sessionId, cipher }),
        }
      },
      forget: async () => {
        for (const table of TABLES)
          await pool.query(`DELETE FROM ${table} WHERE session_id = $1`, [sessionId])
      },
    }
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}
