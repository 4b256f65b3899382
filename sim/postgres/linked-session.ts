/**
 * A session that an earlier life left in the database: paired, and released. So a bot can be booted without any
 * QR, in tests and measurements. The rows are not sealed.
 */

import { createPool } from '../../src/adapters/postgres-pool.ts'
import { PostgresSessionStore } from '../../src/adapters/postgres-session-store.ts'
import { SystemSecureRandom } from '../../src/adapters/system-secure-random.ts'
import type { Logger } from '../../src/ports/logger.ts'
import { serialise } from '../../src/session/codec.ts'
import { createRowCipher } from '../../src/session/encryption.ts'

const OWNER = '00000000-0000-4000-8000-000000000000'

export interface LinkedSessionOptions {
  /** Migrated already. */
  readonly databaseUrl: string
  readonly sessionId: string
  readonly logger: Logger
}

/**
 * @param creds Baileys' credentials of a linked device
 * @throws Error when the session has an owner; AppError `store-*`
 */
export async function storeLinkedSession(options: LinkedSessionOptions, creds: object): Promise<void> {
  const { databaseUrl, sessionId, logger } = options
  const pool = createPool({ databaseUrl, maxConnections: 1, ssl: 'auto', applicationName: 'fixture', logger })
  const cipher = createRowCipher({ sessionId, secureRandom: new SystemSecureRandom(), keys: [] })
  const store = new PostgresSessionStore({ pool, sessionId, cipher })
  try {
    const lease = await store.takeLease({ owner: OWNER, expected: undefined })
    if (lease === undefined) throw new Error('the session is somebody’s already')
    const { epoch } = lease
    await store.commit({ epoch, nowMs: Date.now(), sequence: 1, creds: serialise({ ...creds }) })
    await store.releaseLease({ owner: OWNER, epoch })
  } finally {
    await pool.end()
  }
}
