/**
 * Brings the database to this release's schema: looks first (postgres-schema.ts), then lets node-pg-migrate
 * run the SQL files beside this module in one transaction under its advisory lock, then looks again. The
 * library is imported only when there is something to do, so that a warm start never pays for its memory.
 */

import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError } from '../errors.ts'
import { toStoreError } from './postgres-errors.ts'
import { COLUMNS, MIGRATIONS_TABLE, assessSchema } from './postgres-schema.ts'
import type pg from 'pg'
import type { Logger } from '../ports/logger.ts'
import type { SchemaFacts, SchemaVerdict } from './postgres-schema.ts'

const MIGRATIONS_FOLDER = fileURLToPath(new URL('migrations', import.meta.url))

/**
 * Safe to call at every start and from two dynos at once. Returns the names of the migrations that ran.
 * @throws AppError `store-broken` when the database holds another application's tables or a newer release's,
 *   and nothing was changed; other `store-*` codes as any statement
 */
export async function migrateDatabase(options: {
  readonly pool: pg.Pool
  readonly logger: Logger
}): Promise<readonly string[]> {
  const client = await connect(options.pool)
  try {
    const facts = await readFacts(client)
    if (isUpToDate(assessSchema(facts, knownMigrations()))) return []
    if (facts.applied === undefined) await warnOfNeighbours(client, options.logger)
    const ran = await runMigrations(client, options.logger)
    if (!isUpToDate(assessSchema(await readFacts(client), knownMigrations()))) {
      throw new AppError('store-broken', 'the migrations ran, but the schema is not the expected one')
    }
    return ran
  } catch (error) {
    throw error instanceof AppError ? error : toStoreError(error, { phase: 'statement', isWrite: true })
  } finally {
    // Not kept: the runner's session state (advisory lock, search path) must not reach the next user.
    client.release(true)
  }
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    throw toStoreError(error, { phase: 'connect', isWrite: true })
  }
}

function isUpToDate(verdict: SchemaVerdict): boolean {
  switch (verdict.kind) {
    case 'current':
      return true
    case 'empty':
    case 'behind':
      return false
    case 'foreign':
      throw new AppError('store-broken', `the database belongs to another application: ${verdict.reason}`)
    case 'newer':
      throw new AppError('store-broken', `the database is newer than this release: ${verdict.reason}`)
    default:
      return verdict satisfies never
  }
}

function knownMigrations(): string[] {
  return readdirSync(MIGRATIONS_FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => basename(file, '.sql'))
    .toSorted()
}

async function readFacts(client: pg.PoolClient): Promise<SchemaFacts> {
  const { rows } = await client.query<{ table: string; columns: string[] }>(
    `SELECT table_name::text AS "table", array_agg(column_name::text) AS columns
     FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name = ANY ($1) GROUP BY 1 ORDER BY 1`,
    [[MIGRATIONS_TABLE, ...Object.keys(COLUMNS)]],
  )
  const tables = Object.fromEntries(rows.map(({ table, columns }) => [table, columns]))
  const { [MIGRATIONS_TABLE]: migrations, ...others } = tables
  if (migrations === undefined) return { applied: undefined, tables: others }
  if (!migrations.includes('name')) {
    throw new AppError(
      'store-broken',
      `the database belongs to another application: table ${MIGRATIONS_TABLE} is not ours`,
    )
  }
  const names = await client.query<{ name: string }>(`SELECT name FROM ${MIGRATIONS_TABLE} ORDER BY id`)
  return { applied: names.rows.map(({ name }) => name), tables: others }
}

/** Ours stand beside another application's without harm; but it may be the wrong database. */
async function warnOfNeighbours(client: pg.PoolClient, logger: Logger): Promise<void> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM information_schema.tables
     WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`,
  )
  const tables = rows[0]?.count ?? 0
  if (tables > 0) logger.warn('store.shared-database', { tables })
}

async function runMigrations(client: pg.PoolClient, logger: Logger): Promise<string[]> {
  const { runner } = await import('node-pg-migrate')
  const { rows } = await client.query<{ schema: string }>('SELECT current_schema()::text AS schema')
  const ran = await runner({
    dbClient: client,
    dir: MIGRATIONS_FOLDER,
    direction: 'up',
    migrationsTable: MIGRATIONS_TABLE,
    migrationsSchema: rows[0]?.schema ?? 'public',
    singleTransaction: true,
    // A second dyno that starts meanwhile waits its turn and then finds nothing to do.
    advisoryLockMode: 'wait',
    // The library would print each migration with its SQL.
    log: () => undefined,
  })
  const names = ran.map(({ name }) => name)
  logger.info('store.migrated', { migrations: names })
  return names
}
