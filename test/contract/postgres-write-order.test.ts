/**
 * Writes of one epoch that meet on a real server: a statement that was held up on its way, or that is still
 * running when the next one comes. Whatever lands first, the newest write is what is read in the end.
 */

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { PostgresSessionStore } from '../../src/adapters/postgres-session-store.ts'
import { errorCodeOf } from '../../src/errors.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { testDatabase } from '../support/database.ts'
import { freshSession, labellingCipher } from './store-fixture.ts'
import type pg from 'pg'
import type { CommitOutcome, SessionCommit, SessionStore } from '../../src/ports/session-store.ts'

let pool: pg.Pool
let sessionId: string
let store: SessionStore
let epoch: number

beforeAll(async () => {
  const databaseUrl = await testDatabase()
  const logger = new RecordingLogger()
  const options = { databaseUrl, maxConnections: 4, ssl: 'auto', logger } as const
  pool = createPool({ ...options, applicationName: 'write-order-test' })
})
afterAll(() => pool.end())
beforeEach(async () => {
  sessionId = freshSession()
  store = storeOver(pool)
  epoch = (await store.takeLease({ owner: 'a', expected: undefined }))?.epoch ?? 0
})

function storeOver(over: pg.Pool): SessionStore {
  return new PostgresSessionStore({ pool: over, sessionId, cipher: labellingCipher })
}

/** A write of credentials and of keys; `undefined` deletes. */
function write(
  sequence: number,
  creds: string,
  keys: Readonly<Record<string, string | undefined>>,
): SessionCommit {
  const changes = Object.entries(keys).map(([id, value]) => ({ type: 'session', id, value }))
  return { epoch, sequence, nowMs: sequence, creds, keys: changes }
}

async function keysNow(...ids: string[]): Promise<Record<string, string>> {
  const rows = await store.readKeys({ type: 'session', ids })
  return Object.fromEntries(rows.map(({ id, value }) => [id, value]))
}

/** As the retry table does it: until it is not told to ask again. */
async function repeated(commit: SessionCommit): Promise<CommitOutcome> {
  for (;;) {
    try {
      return await store.commit(commit)
    } catch (error) {
      if (errorCodeOf(error) !== 'store-unavailable') throw error
    }
  }
}

it('lets a statement that was held up before it began change nothing after a newer one has landed', async () => {
  await store.commit(write(1, 'first', { a: 'first', b: 'first' }))
  const newer = await pool.connect()
  await newer.query('BEGIN')
  await newer.query('SELECT 1 FROM blacksky_lease WHERE session_id = $1 FOR UPDATE', [sessionId])
  const late = store.commit(write(2, 'late', { a: 'late', c: 'late' }))
  await waitForLocks(1)
  // The newer write runs on the connection that has the row, so it overtakes the one that waits for it.
  expect(await storeOver(onlyConnection(newer)).commit(write(3, 'newer', { a: undefined, b: 'newer' }))).toBe(
    'written',
  )
  await newer.query('COMMIT')
  newer.release()
  expect(await late).toBe('superseded')
  expect(await store.readCreds()).toBe('newer')
  expect(await keysNow('a', 'b', 'c')).toEqual({ b: 'newer' })
})

it('lets the next write see all of one that is still running, its new keys included', async () => {
  await store.commit(write(1, 'first', { held: 'first' }))
  const blocker = await pool.connect()
  await blocker.query('BEGIN')
  await blocker.query('SELECT 1 FROM blacksky_keys WHERE session_id = $1 FOR UPDATE', [sessionId])
  // It has its place in the order and stands before a key that somebody holds.
  const running = store.commit(write(2, 'running', { held: 'running', made: 'running' }))
  await waitForLocks(1)
  const next = repeated(write(3, 'next', { made: undefined }))
  await waitForLocks(2)
  await blocker.query('COMMIT')
  blocker.release()
  expect(await Promise.all([running, next])).toEqual(['written', 'written'])
  expect(await store.readCreds()).toBe('next')
  expect(await keysNow('held', 'made')).toEqual({ held: 'running' })
})

it('writes once what is repeated while its first attempt still runs', async () => {
  await store.commit(write(1, 'first', { held: 'first' }))
  const blocker = await pool.connect()
  await blocker.query('BEGIN')
  await blocker.query('SELECT 1 FROM blacksky_keys WHERE session_id = $1 FOR UPDATE', [sessionId])
  const commit = write(2, 'second', { held: 'second' })
  const first = store.commit(commit)
  await waitForLocks(1)
  const second = store.commit(commit)
  await waitForLocks(2)
  await blocker.query('COMMIT')
  blocker.release()
  expect(await Promise.all([first, second])).toEqual(['written', 'written'])
  const { rows } = await pool.query('SELECT version FROM blacksky_creds WHERE session_id = $1', [sessionId])
  expect(rows).toHaveLength(2)
})

it('keeps credentials and keys of the newest write, in whatever order many arrive at once', async () => {
  for (let round = 0; round < 30; round++) {
    const first = 1 + round * 3
    const writes = [0, 1, 2].map((step) => {
      const value = `write ${first + step}`
      return write(first + step, value, { [`of-${step}`]: value, last: value })
    })
    const outcomes = await Promise.all(writes.map((one) => repeated(one)))
    expect(outcomes[2]).toBe('written')
    expect(await store.readCreds()).toBe(`write ${first + 2}`)
    expect((await keysNow('last'))['last']).toBe(`write ${first + 2}`)
  }
})

function onlyConnection(client: pg.PoolClient): pg.Pool {
  const lent: unknown = new Proxy(client, {
    get: (target, name) => {
      if (name === 'release') return () => undefined
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { connect: () => Promise.resolve(lent) } as pg.Pool
}

/** Returns when so many backends wait for a lock. Asks outside any transaction: inside one the list stands still. */
async function waitForLocks(backends: number): Promise<void> {
  for (let waiting = 0; waiting < backends;) {
    const { rows } = await pool.query(
      `SELECT DISTINCT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE NOT granted AND application_name = 'write-order-test'`,
    )
    waiting = rows.length
  }
}
