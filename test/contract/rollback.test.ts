/**
 * Update and rollback on one database: this release's code on the schema of a release to come, which has only
 * added. A synthetic migration adds to every table what an additive one may add; the whole contract must hold on
 * the result, and dynos of both releases may write at once.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrateDatabase } from '../../src/adapters/postgres-migrate.ts'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { COLUMNS } from '../../src/adapters/postgres-schema.ts'
import { PostgresSessionStore } from '../../src/adapters/postgres-session-store.ts'
import { testDatabase } from '../support/database.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { describeMessageJournal } from './message-journal.contract.ts'
import { describeSessionData } from './session-data.contract.ts'
import { describeSessionStore } from './session-store.contract.ts'
import { fixtureOn, labellingCipher } from './store-fixture.ts'
import type { StoreFixture } from './store-fixture.ts'
import type pg from 'pg'

const TABLES = Object.keys(COLUMNS)
const logger = new RecordingLogger()

function poolOn(databaseUrl: string): pg.Pool {
  return createPool({ databaseUrl, maxConnections: 4, ssl: 'auto', applicationName: 'rollback-test', logger })
}

/** What the next release's migration does, statement by statement. */
function nextMigration(): string[] {
  const additions = TABLES.flatMap((table) => [
    `ALTER TABLE ${table} ADD COLUMN added_later text`,
    `ALTER TABLE ${table} ADD COLUMN added_with_default bigint NOT NULL DEFAULT 7`,
    `CREATE INDEX ${table}_added ON ${table} (added_later)`,
  ])
  return [
    ...additions,
    'CREATE TABLE blacksky_added (id serial PRIMARY KEY, note text)',
    `INSERT INTO blacksky_migrations (name, run_on) VALUES ('9998_additive-everything', '2030-01-01')`,
  ]
}

async function newerSchemaFixture(): Promise<StoreFixture> {
  const databaseUrl = await testDatabase()
  const pool = poolOn(databaseUrl)
  await pool.query(nextMigration().join(';'))
  // The older release starts on it, as after a rollback.
  expect(await migrateDatabase({ pool, logger })).toEqual([])
  await pool.end()
  return fixtureOn(databaseUrl)
}

describeSessionStore('on a newer release’s schema', newerSchemaFixture)
describeSessionData('on a newer release’s schema', newerSchemaFixture)
describeMessageJournal('on a newer release’s schema', newerSchemaFixture)

describe('old and new dyno on one database', () => {
  const LAST = 150
  let pool: pg.Pool
  let newer: pg.Pool
  beforeAll(async () => {
    const databaseUrl = await testDatabase()
    pool = poolOn(databaseUrl)
    newer = poolOn(databaseUrl)
  })
  afterAll(() => Promise.all([pool.end(), newer.end()]))

  it('the old one’s writes go on while the new one migrates, none is lost, and the old one starts again', async () => {
    const store = new PostgresSessionStore({ pool, sessionId: 'overlap', cipher: labellingCipher })
    const lease = await store.takeLease({ owner: 'old', expected: undefined })
    const epoch = lease?.epoch ?? -1
    const outcomes: string[] = []
    const migrating = inTurn(nextMigration(), async (statement) => newer.query(statement))
    for (let sequence = 1; sequence <= LAST; sequence++) {
      const keys = [{ type: 'session', id: `chat-${sequence}`, value: `ratchet-${sequence}` }]
      outcomes.push(
        await store.commit({ epoch, sequence, nowMs: sequence, creds: `creds-${sequence}`, keys }),
      )
    }
    await migrating
    expect(outcomes).toEqual(Array.from({ length: LAST }, () => 'written'))
    expect(await migrateDatabase({ pool, logger })).toEqual([])
    const restarted = new PostgresSessionStore({ pool: newer, sessionId: 'overlap', cipher: labellingCipher })
    expect(await restarted.readCreds()).toBe(`creds-${LAST}`)
    const ids = Array.from({ length: LAST }, (_, index) => `chat-${index + 1}`)
    expect(await restarted.readKeys({ type: 'session', ids })).toHaveLength(LAST)
  })
})

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (const item of items) await work(item)
}
