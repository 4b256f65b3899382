/**
 * Release N, then N + 1, then N again, on one database, each time with the old dyno still there: the next release is
 * this one with a migration of its own. Nobody scans a QR, and every command is answered once.
 */

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { testDatabase } from '../support/database.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import type pg from 'pg'
import { botFixture } from '../support/bot-fixture.ts'
import type { BotFixture } from '../support/bot-fixture.ts'
import { freePort } from '../../sim/free-port.ts'
import { DynoProcess, PRODUCTION_MAIN, goneFor, kill } from './support/dyno-process.ts'

const ROOT = join(import.meta.dirname, '../..')
const NEXT_MIGRATION = '9998_additive-next'
const dynos: DynoProcess[] = []
let nextRelease: string

beforeAll(() => {
  nextRelease = mkdtempSync(join(tmpdir(), 'blacksky-next-'))
  cpSync(join(ROOT, 'src'), join(nextRelease, 'src'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(nextRelease, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(nextRelease, 'node_modules'))
  const adapters = join(nextRelease, 'src/adapters')
  writeFileSync(
    join(adapters, `migrations/${NEXT_MIGRATION}.sql`),
    `-- Up migration
ALTER TABLE blacksky_keys ADD COLUMN zeal integer NOT NULL DEFAULT 0;
CREATE INDEX blacksky_keys_zeal ON blacksky_keys (zeal);
CREATE TABLE blacksky_zeal (id serial PRIMARY KEY);`,
  )
  const schema = join(adapters, 'postgres-schema.ts')
  const known = "['id', 'session_id', 'type', 'value']"
  const text = readFileSync(schema, 'utf8')
  const extended = text.replace(
    `blacksky_keys: ${known}`,
    `blacksky_keys: ${known.replace(']', ", 'zeal']")}`,
  )
  if (extended === text) throw new Error('the columns of blacksky_keys are not what this test extends')
  writeFileSync(schema, extended)
})
afterAll(() => rmSync(nextRelease, { recursive: true }))
afterEach(async () => {
  await Promise.all(dynos.splice(0).map((dyno) => dyno.dispose()))
})

async function startDyno(fixture: BotFixture, entry: string): Promise<DynoProcess> {
  const dyno = await DynoProcess.start(entry, {
    DATABASE_URL: fixture.databaseUrl,
    WHATSAPP_URL: fixture.whatsapp.url,
    SESSION_ID: fixture.sessionId,
    HEALTH_CHECK_PORT: String(await freePort()),
    SEND_GAP_MS: '0',
    LEASE_POLL_INTERVAL_MS: '250',
  })
  dynos.push(dyno)
  return dyno
}

function poolOn(databaseUrl: string): pg.Pool {
  const logger = new RecordingLogger()
  return createPool({ databaseUrl, maxConnections: 1, ssl: 'auto', applicationName: 'rollback', logger })
}

/** As Heroku does it: SIGTERM to every process of the dyno. */
async function stop(dyno: DynoProcess): Promise<void> {
  const botPid = await dyno.botPid()
  kill(dyno.pid, 'SIGTERM')
  kill(botPid, 'SIGTERM')
  expect(await dyno.exit()).toBe(0)
  await goneFor(botPid)
}

describe('an update and its rollback', () => {
  const fixtureOf = botFixture()

  it('cost no QR and no command, with old and new dyno at once', async () => {
    const fixture = await fixtureOf()
    const account = fixture.whatsapp.addAccount()
    await fixture.link(account)
    const anna = fixture.whatsapp.addContact()
    const ask = (word: string): Promise<unknown> => anna.say(`.ping ${word}`, { to: account })

    const old = await startDyno(fixture, PRODUCTION_MAIN)
    await old.event('connection.open')
    await ask('one')
    await anna.inbox.waitFor('pong one')

    const next = await startDyno(fixture, join(nextRelease, 'src/main.ts'))
    expect(await next.event('store.migrated')).toMatchObject({ migrations: [NEXT_MIGRATION] })
    await next.event('startup.ready')
    await ask('two')
    await anna.inbox.waitFor('pong two')
    expect(next.events('connection.open')).toEqual([])
    await ask('three')
    await stop(old)
    await next.event('connection.open')
    await anna.inbox.waitFor('pong three')

    const back = await startDyno(fixture, PRODUCTION_MAIN)
    await back.event('startup.ready')
    expect(back.events('store.migrated')).toEqual([])
    await ask('four')
    await stop(next)
    await back.event('connection.open')
    await ask('five')
    for (const word of ['four', 'five']) await anna.inbox.waitFor(`pong ${word}`)

    expect(anna.inbox.length).toBe(5)
    expect([old, next, back].flatMap((dyno) => dyno.events('pairing.wanted'))).toEqual([])
    expect(account.linkedDevices).toHaveLength(1)
    expect(fixture.whatsapp.truth()).toMatchObject({ unhealedFailures: 0, keyReuses: [] })
  })

  it('are refused where the newer release has broken with the older one, and it says so', async () => {
    const fixture = await fixtureOf()
    const databaseUrl = await testDatabase()
    const pool = poolOn(databaseUrl)
    await pool.query(`INSERT INTO blacksky_migrations (name, run_on) VALUES ('9999_breaking', '2030-01-01')`)
    await pool.end()
    const back = await startDyno({ ...fixture, databaseUrl }, PRODUCTION_MAIN)
    const failed = await back.event('startup.step-retrying')
    expect(failed['reason']).toMatch(/newer than this release: migration 9999_breaking/)
    expect((await back.get('/health')).status).toBe(200)
    expect(back.events('pairing.wanted')).toEqual([])
  })
})
