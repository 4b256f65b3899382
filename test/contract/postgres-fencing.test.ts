/**
 * Two dynos on a real server: the old one writes while the new one takes the lease. The order of the two is
 * up to the server, so each test runs many times and holds for every order.
 */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { PostgresMessageJournal } from '../../src/adapters/postgres-message-journal.ts'
import { PostgresSessionStore } from '../../src/adapters/postgres-session-store.ts'
import { CREDS_HISTORY_VERSIONS } from '../../src/ports/session-store.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { testDatabase } from '../support/database.ts'
import { freshSession, labellingCipher } from './store-fixture.ts'
import type pg from 'pg'

const ROUNDS = 200
let pools: pg.Pool[]

beforeAll(async () => {
  const databaseUrl = await testDatabase()
  const logger = new RecordingLogger()
  const options = { databaseUrl, maxConnections: 2, ssl: 'auto', applicationName: 'fencing-test', logger } as const
  pools = [createPool(options), createPool(options)]
})
afterAll(() => Promise.all(pools.map((pool) => pool.end())))

function dyno(index: 0 | 1, sessionId: string) {
  const pool = pools[index]
  if (pool === undefined) throw new Error('no pool')
  const options = { pool, sessionId, cipher: labellingCipher }
  return { pool, store: new PostgresSessionStore(options), journal: new PostgresMessageJournal(options) }
}

it('lets no write of the old epoch appear after a takeover has returned', async () => {
  const sessionId = freshSession()
  const [before, after] = [dyno(0, sessionId), dyno(1, sessionId)]
  let lease = await before.store.takeLease({ owner: 'old', expected: undefined })
  let written = 0
  for (let round = 0; round < ROUNDS; round++) {
    const epoch = lease?.epoch ?? 0
    const value = `round ${round}`
    const commit = before.store.commit({
      epoch,
      nowMs: round,
      creds: value,
      keys: [{ type: 'session', id: '1', value }],
    })
    const record = before.journal.recordInbound({
      epoch,
      nowMs: round,
      message: { chat: 'c', participant: '', id: value, text: '', sentAtMs: round },
    })
    lease = await after.store.takeLease({ owner: 'new', expected: { epoch, counter: 0 } })
    const seen = await read(after, value)
    const outcome = await commit
    const recorded = await record
    expect(lease?.epoch).toBe(epoch + 1)
    expect(seen.creds === value).toBe(outcome === 'written')
    expect(seen.key === value).toBe(outcome === 'written')
    expect(seen.isInbound).toBe(recorded !== 'stale-epoch')
    expect(await read(after, value)).toEqual(seen)
    if (outcome === 'written') written++
  }
  // Both orders must have been met, or the test showed nothing.
  expect(written).toBeGreaterThan(0)
  expect(written).toBeLessThan(ROUNDS)
})

it('makes a takeover wait for a write that holds the lease row, and a write wait for a takeover', async () => {
  const sessionId = freshSession()
  const { pool, store } = dyno(0, sessionId)
  const lease = await store.takeLease({ owner: 'old', expected: undefined })
  const takeover = await pool.connect()
  await takeover.query('BEGIN')
  await takeover.query('UPDATE blacksky_lease SET epoch = epoch + 1 WHERE session_id = $1', [sessionId])
  const commit = dyno(1, sessionId).store.commit({ epoch: lease?.epoch ?? 0, nowMs: 1, creds: 'stale' })
  await waitingStatement(takeover)
  await takeover.query('COMMIT')
  takeover.release()
  expect(await commit).toBe('stale-epoch')
  expect(await store.readCreds()).toBeUndefined()
})

it('keeps the newest credentials of two commits at once, and only so many versions', async () => {
  const sessionId = freshSession()
  const { pool, store } = dyno(0, sessionId)
  const epoch = (await store.takeLease({ owner: 'a', expected: undefined }))?.epoch ?? 0
  for (let round = 0; round < 20; round++) {
    const both = [0, 1].map((index) => dyno(index === 0 ? 0 : 1, sessionId).store.commit({ epoch, nowMs: round, creds: `${round}` }))
    expect(await Promise.all(both)).toEqual(['written', 'written'])
    expect(await store.readCreds()).toBe(`${round}`)
  }
  for (let round = 0; round < 2 * CREDS_HISTORY_VERSIONS; round++) await store.commit({ epoch, nowMs: 99, creds: 'x' })
  const { rows } = await pool.query('SELECT version FROM blacksky_creds WHERE session_id = $1', [sessionId])
  expect(rows).toHaveLength(CREDS_HISTORY_VERSIONS + 1)
})

async function read({ store, journal }: ReturnType<typeof dyno>, id: string) {
  const [creds, keys, unhandled] = await Promise.all([
    store.readCreds(),
    store.readKeys({ type: 'session', ids: ['1'] }),
    journal.readUnhandled({ limit: 2 * ROUNDS }),
  ])
  return { creds, key: keys[0]?.value, isInbound: unhandled.some(({ message }) => message.id === id) }
}

/** Resolves when some statement of this database waits for a lock. */
async function waitingStatement(client: pg.PoolClient): Promise<void> {
  for (;;) {
    const { rows } = await client.query(
      `SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()`,
    )
    if (rows.length > 0) return
  }
}
