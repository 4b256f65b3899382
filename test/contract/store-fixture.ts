/** Both implementations of the stores behind one face, for the contract suites. */

import { AppError } from '../../src/errors.ts'
import { PostgresMessageJournal } from '../../src/adapters/postgres-message-journal.ts'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { PostgresSessionStore } from '../../src/adapters/postgres-session-store.ts'
import { InMemoryDatabase } from '../../sim/fakes/in-memory-database.ts'
import { InMemoryMessageJournal } from '../../sim/fakes/in-memory-message-journal.ts'
import { InMemorySessionStore } from '../../sim/fakes/in-memory-session-store.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { testDatabase } from '../support/database.ts'
import type { MessageJournal } from '../../src/ports/message-journal.ts'
import type { RowCipher } from '../../src/ports/row-cipher.ts'
import type { SessionStore } from '../../src/ports/session-store.ts'

/** One database; each call opens another instance over it. */
export interface StoreFixture {
  sessionStore(sessionId: string): SessionStore
  messageJournal(sessionId: string): MessageJournal
  close(): Promise<void>
}

export type MakeFixture = () => Promise<StoreFixture>

export function inMemoryFixture(): Promise<StoreFixture> {
  const database = new InMemoryDatabase()
  return Promise.resolve({
    sessionStore: (sessionId) => new InMemorySessionStore({ database, sessionId }),
    messageJournal: (sessionId) => new InMemoryMessageJournal({ database, sessionId }),
    close: () => Promise.resolve(),
  })
}

export async function postgresFixture(): Promise<StoreFixture> {
  return fixtureOn(await testDatabase())
}

/** On a database that somebody else has made. */
export function fixtureOn(databaseUrl: string): StoreFixture {
  const pool = createPool({
    databaseUrl,
    maxConnections: 4,
    ssl: 'auto',
    applicationName: 'contract-test',
    logger: new RecordingLogger(),
  })
  return {
    sessionStore: (sessionId) => new PostgresSessionStore({ pool, sessionId, cipher: labellingCipher }),
    messageJournal: (sessionId) => new PostgresMessageJournal({ pool, sessionId, cipher: labellingCipher }),
    close: () => pool.end(),
  }
}

/** Opens only under the identity it was sealed with, as the real one does; hides nothing. */
export const labellingCipher: RowCipher = {
  seal: (plain, { type, id }) => Buffer.from(JSON.stringify([type, id, plain])),
  open: (sealed, row) => {
    const [type, id, plain]: [string, string, string] = JSON.parse(Buffer.from(sealed).toString())
    if (type !== row.type || id !== row.id) throw new AppError('store-corrupt', 'opened as another row')
    return plain
  },
}

let sessions = 0

/** No other test of this file uses it. */
export function freshSession(): string {
  return `session-${sessions++}`
}
