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
  const options = {
    databaseUrl,
    maxConnections: 2,
    ssl: 'auto',
    applicationName: 'fencing-test',
    logger,
  } as const
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
    const take = () => after.store.takeLease({ owner: 'new', expected: { epoch, counter: 0 } })
    // Each is sent first in turn.
    const early = round % 2 === 0 ? take() : undefined
    const commit = before.store.commit({
      epoch,
      sequence: 1,
      nowMs: round,
      creds: value,
      keys: [{ type: 'session', id: '1', value }],
    })
    const record = before.journal.recordInbound({
      epoch,
      nowMs: round,
      message: { chat: 'c', participant: '', id: value, text: '', sentAtMs: round },
    })
    lease = await (early ?? take())
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

it('makes a write wait for a takeover under way and then refuses it', async () => {
  const sessionId = freshSession()
  const { store } = dyno(0, sessionId)
  const epoch = (await store.takeLease({ owner: 'old', expected: undefined }))?.epoch ?? 0
  const commit = await whileWaiting({
    lock: `UPDATE blacksky_lease SET epoch = epoch + 1 WHERE session_id = '${sessionId}'`,
    works: [() => dyno(1, sessionId).store.commit({ epoch, sequence: 1, nowMs: 1, creds: 'stale' })],
  })
  expect(commit).toEqual(['stale-epoch'])
  expect(await store.readCreds()).toBeUndefined()
})

it('makes a takeover wait for a write under way', async () => {
  const sessionId = freshSession()
  const [before, after] = [dyno(0, sessionId), dyno(1, sessionId)]
  const epoch = (await before.store.takeLease({ owner: 'old', expected: undefined }))?.epoch ?? 0
  let sequence = 0
  const commitOf = (value: string) => {
    const keys = [{ type: 'session', id: '1', value }]
    return before.store.commit({ epoch, sequence: ++sequence, nowMs: 1, keys })
  }
  await commitOf('first')
  // The write has the lease row and stands before a key that somebody holds.
  const [, seen] = await whileWaiting<unknown>({
    lock: `SELECT 1 FROM blacksky_keys WHERE session_id = '${sessionId}' FOR UPDATE`,
    works: [
      () => commitOf('second'),
      async () => {
        await after.store.takeLease({ owner: 'new', expected: { epoch, counter: 0 } })
        return after.store.readKeys({ type: 'session', ids: ['1'] })
      },
    ],
  })
  expect(seen).toEqual([{ id: '1', value: 'second' }])
})

it('counts two charges that waited for the same row one after the other', async () => {
  const sessionId = freshSession()
  const { store } = dyno(0, sessionId)
  const epoch = (await store.takeLease({ owner: 'a', expected: undefined }))?.epoch ?? 0
  const charge = { nowMs: 1, windowMs: 1000, maxAttempts: 1 }
  const renewals = await whileWaiting({
    lock: `UPDATE blacksky_lease SET halted_by = NULL WHERE session_id = '${sessionId}'`,
    works: [0, 1].map(() => () => dyno(1, sessionId).store.renewLease({ owner: 'a', epoch, charge })),
  })
  expect(renewals.filter((one) => one.status === 'renewed' && one.isCharged)).toHaveLength(1)
  expect((await store.readLease())?.counter).toBe(2)
})

it('keeps only so many versions of the credentials', async () => {
  const sessionId = freshSession()
  const { pool, store } = dyno(0, sessionId)
  const epoch = (await store.takeLease({ owner: 'a', expected: undefined }))?.epoch ?? 0
  for (let round = 0; round < 2 * CREDS_HISTORY_VERSIONS; round++)
    await store.commit({ epoch, sequence: round + 1, nowMs: 1, creds: 'x' })
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

/** Runs `lock` in an open transaction, begins one work after the other as each waits for a lock, then commits. */
async function whileWaiting<T>(options: { lock: string; works: (() => Promise<T>)[] }): Promise<T[]> {
  const [pool] = pools
  const client = await pool?.connect()
  if (client === undefined) throw new Error('no pool')
  await client.query('BEGIN')
  await client.query(options.lock)
  const begun: Promise<T>[] = []
  const finished: T[] = []
  for (const begin of options.works) {
    begun.push(remember(begin(), finished))
    // A work that does not wait has finished: the expectations will tell.
    while (finished.length === 0 && (await countWaiting(client)) < begun.length);
  }
  await client.query('COMMIT')
  client.release()
  return Promise.all(begun)
}

async function countWaiting(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query(
    `SELECT DISTINCT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE NOT granted AND datname = current_database()`,
  )
  return rows.length
}

async function remember<T>(work: Promise<T>, finished: T[]): Promise<T> {
  const result = await work
  finished.push(result)
  return result
}
