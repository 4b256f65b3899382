import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { migrateDatabase } from '../../src/adapters/postgres-migrate.ts'
import { PostgresSessionStore } from '../../src/adapters/postgres-session-store.ts'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { errorCodeOf, errorMessageOf } from '../../src/errors.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { testDatabase } from '../support/database.ts'
import type pg from 'pg'
import type { RowCipher } from '../../src/ports/row-cipher.ts'

const logger = new RecordingLogger()
/** By file, in order; each has the extension `.sql`. */
const MIGRATIONS = readdirSync(join(import.meta.dirname, '../../src/adapters/migrations'))
  .map((file) => basename(file, '.sql'))
  .toSorted()
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

const asItStands: RowCipher = {
  seal: (plain) => Buffer.from(plain),
  open: (sealed) => Buffer.from(sealed).toString(),
}

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
  expect(await migrateDatabase({ pool, logger })).toEqual(MIGRATIONS)
  const made = await columns()
  expect(await migrateDatabase({ pool, logger })).toEqual([])
  expect(await columns()).toEqual(made)
})

it('lets two dynos migrate at once', async () => {
  const ran = await Promise.all([migrateDatabase({ pool, logger }), migrateDatabase({ pool, logger })])
  expect(ran.flat()).toEqual(MIGRATIONS)
})

it('brings an earlier release’s database up to date and keeps what it holds', async () => {
  await migrateDatabase({ pool, logger })
  const made = await columns()
  await pool.query(
    `DROP TABLE blacksky_writes;
     ALTER TABLE blacksky_replies DROP COLUMN text_bytes;
     DELETE FROM blacksky_migrations WHERE name > '0001_session-and-journal'`,
  )
  await pool.query(
    `INSERT INTO blacksky_lease VALUES ('default', 'owner', 3, 4, true, NULL, '{}');
     INSERT INTO blacksky_creds VALUES ('default', 1, 'creds', 1)`,
  )
  expect(await migrateDatabase({ pool, logger })).toEqual(MIGRATIONS.slice(1))
  expect(await columns()).toEqual(made)
  const store = new PostgresSessionStore({ pool, sessionId: 'default', cipher: asItStands })
  expect(await store.readLease()).toMatchObject({ owner: 'owner', epoch: 3 })
  expect(await store.commit({ epoch: 3, sequence: 1, nowMs: 1, creds: 'newer' })).toBe('written')
  expect(await store.readCreds()).toBe('newer')
})

it('works on a database to which a newer release has only added, as after a rollback', async () => {
  await migrateDatabase({ pool, logger })
  await pool.query(
    `ALTER TABLE blacksky_creds ADD COLUMN note text;
     INSERT INTO blacksky_migrations (name, run_on) VALUES ('9998_additive-note', '2030-01-01')`,
  )
  expect(await migrateDatabase({ pool, logger })).toEqual([])
})

it('makes its tables beside another application’s, leaves those alone, and says so once', async () => {
  await pool.query('CREATE TABLE orders (id int); INSERT INTO orders VALUES (1)')
  logger.lines.length = 0
  await migrateDatabase({ pool, logger })
  await migrateDatabase({ pool, logger })
  const warnings = logger.lines.filter(({ level }) => level === 'warn')
  expect(warnings).toEqual([{ level: 'warn', event: 'store.shared-database', fields: { tables: 1 } }])
  expect((await pool.query('SELECT id FROM orders')).rows).toEqual([{ id: 1 }])
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
