import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { migrateDatabase } from '../../src/adapters/postgres-migrate.ts'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { errorCodeOf, errorMessageOf } from '../../src/errors.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { testDatabase } from '../support/database.ts'
import type pg from 'pg'

const logger = new RecordingLogger()
let databaseUrl: string
let pool: pg.Pool

beforeAll(async () => {
  databaseUrl = await testDatabase()
})
beforeEach(async () => {
  pool = createPool({ databaseUrl, maxConnections: 4, ssl: 'auto', applicationName: 'migrate-test', logger })
  await pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
})
afterEach(() => pool.end())

async function columns(): Promise<unknown[]> {
  const { rows } = await pool.query(
    `SELECT table_name, column_name, data_type FROM information_schema.columns
     WHERE table_schema = 'public' ORDER BY 1, 2`,
  )
  return rows
}

async function refusal(): Promise<string> {
  const error: unknown = await migrateDatabase({ pool, logger }).catch((reason: unknown) => reason)
  expect(errorCodeOf(error)).toBe('store-broken')
  return errorMessageOf(error)
}

it('makes the schema once and then finds nothing to do', async () => {
  expect(await migrateDatabase({ pool, logger })).toEqual(['0001_session-and-journal'])
  const made = await columns()
  expect(await migrateDatabase({ pool, logger })).toEqual([])
  expect(await columns()).toEqual(made)
})

it('lets two dynos migrate at once', async () => {
  const ran = await Promise.all([migrateDatabase({ pool, logger }), migrateDatabase({ pool, logger })])
  expect(ran.flat()).toEqual(['0001_session-and-journal'])
})

it('refuses a database where a table of ours is another application’s, and changes nothing', async () => {
  await pool.query('CREATE TABLE blacksky_keys (id serial PRIMARY KEY, door text)')
  const before = await columns()
  expect(await refusal()).toMatch(/another application.*blacksky_keys/)
  expect(await columns()).toEqual(before)
})

it('refuses a migrations table that is not ours, and changes nothing', async () => {
  await pool.query('CREATE TABLE blacksky_migrations (door text)')
  const before = await columns()
  expect(await refusal()).toMatch(/another application.*blacksky_migrations/)
  expect(await columns()).toEqual(before)
})

it('refuses a migrated database whose tables were changed by somebody', async () => {
  await migrateDatabase({ pool, logger })
  await pool.query('ALTER TABLE blacksky_creds DROP COLUMN value')
  expect(await refusal()).toMatch(/blacksky_creds does not have the columns/)
})

it('refuses a newer release’s database', async () => {
  await migrateDatabase({ pool, logger })
  await pool.query(`INSERT INTO blacksky_migrations (name, run_on) VALUES ('9999_future', '2030-01-01')`)
  expect(await refusal()).toMatch(/newer.*9999_future/)
})
