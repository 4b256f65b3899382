/** `npm run session` as its owner runs it: a process of its own, on real databases. */

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrateDatabase } from '../../src/adapters/postgres-migrate.ts'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { PostgresMessageJournal } from '../../src/adapters/postgres-message-journal.ts'
import { resealRows } from '../../src/adapters/postgres-reseal.ts'
import { PostgresSessionStore } from '../../src/adapters/postgres-session-store.ts'
import { SystemSecureRandom } from '../../src/adapters/system-secure-random.ts'
import { createRowCipher, isSealedUnder } from '../../src/session/encryption.ts'
import { COMPILE_CACHE } from '../support/compile-cache.ts'
import { testDatabase } from '../support/database.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import type pg from 'pg'

const ENTRY = join(import.meta.dirname, '../../src/session-main.ts')
const PASSPHRASE = 'correct horse battery'
/** As short as the settings allow, so that waiting for a dead bot takes two seconds. */
const SHORT_LEASE = {
  LEASE_DURATION_MS: '2000',
  LEASE_RENEW_INTERVAL_MS: '500',
  LEASE_MARGIN_MS: '500',
  LEASE_POLL_INTERVAL_MS: '250',
}
const CREDS = JSON.stringify({
  me: { id: '4915@s.whatsapp.net' },
  account: { details: 'x' },
  nextPreKeyId: 3,
})
const KEYS = [
  { type: 'pre-key', id: '1', value: '{"private":"a"}' },
  { type: 'session', id: '4915.0', value: '{"ratchet":1}' },
]
const OLD_KEY = '11'.repeat(32)
const NEW_KEY = '22'.repeat(32)

let folder: string
let databases: Database[]

/** One database, seen by a bot of session `default`. */
class Database {
  readonly url: string
  readonly pool: pg.Pool
  readonly #keyHex: string

  constructor(url: string, keyHex: string) {
    this.url = url
    this.#keyHex = keyHex
    const logger = new RecordingLogger()
    this.pool = createPool({
      databaseUrl: url,
      maxConnections: 2,
      ssl: 'auto',
      applicationName: 'test',
      logger,
    })
  }

  store(sessionId = 'default'): PostgresSessionStore {
    const keys = [Buffer.from(this.#keyHex, 'hex')]
    const cipher = createRowCipher({ sessionId, secureRandom: new SystemSecureRandom(), keys })
    return new PostgresSessionStore({ pool: this.pool, sessionId, cipher })
  }

  /** A bot took it, paired, and went (or not). Returns the epoch. */
  async pair(options: { isReleased: boolean } = { isReleased: true }): Promise<number> {
    await migrateDatabase({ pool: this.pool, logger: new RecordingLogger() })
    const lease = await this.store().takeLease({ owner: 'bot', expected: undefined })
    const epoch = lease?.epoch ?? 0
    await this.store().commit({ epoch, sequence: 1, nowMs: 1_700_000_000_000, creds: CREDS, keys: KEYS })
    if (options.isReleased) await this.store().releaseLease({ owner: 'bot', epoch })
    return epoch
  }

  /** Rows, by the id of the key that they are sealed under. */
  async rowsByKey(): Promise<Record<string, number>> {
    const columns = ['creds.value', 'keys.value', 'inbound.text', 'replies.text'].map((each) =>
      each.split('.'),
    )
    const all = columns
      .map(([table, column]) => `SELECT ${column} AS value FROM blacksky_${table}`)
      .join(' UNION ALL ')
    const { rows } = await this.pool.query<{ key: string; count: string }>(
      `SELECT encode(substring(value FROM 2 FOR 4), 'hex') AS key, count(*) FROM (${all}) AS rows
       WHERE value IS NOT NULL GROUP BY 1`,
    )
    return Object.fromEntries(rows.map(({ key, count }) => [key, Number(count)]))
  }

  async run(words: string, env: Readonly<Record<string, string>> = {}) {
    return run(words.split(' '), {
      DATABASE_URL: this.url,
      SESSION_ENCRYPTION_KEY: this.#keyHex,
      SESSION_PASSPHRASE: PASSPHRASE,
      ...SHORT_LEASE,
      ...env,
    })
  }
}

async function run(args: readonly string[], env: Readonly<Record<string, string>>, input = '') {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...COMPILE_CACHE, ...env },
  })
  child.stdin.end(input)
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const [out, err, status] = await Promise.all([textOf(child.stdout), textOf(child.stderr), ended])
  return { out, err, status }
}

async function database(keyHex = OLD_KEY): Promise<Database> {
  const made = new Database(await testDatabase(), keyHex)
  databases.push(made)
  return made
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'session-tool-test-'))
  databases = []
})
afterEach(async () => {
  await Promise.all(databases.map(({ pool }) => pool.end()))
  rmSync(folder, { recursive: true, force: true })
})

describe('moving a session between two databases', () => {
  it('brings credentials and keys over, under another encryption key, once the old bot has stopped', async () => {
    const [before, after] = [await database(OLD_KEY), await database(NEW_KEY)]
    await before.pair()
    const exported = await before.run('export moved.session')
    expect([exported.status, exported.out]).toEqual([0, ''])
    expect(statSync(join(folder, 'moved.session')).mode & 0o077).toBe(0)
    expect(readdirSync(folder)).toEqual(['moved.session'])
    const imported = await after.run('import moved.session')
    expect([imported.status, imported.err]).toEqual([0, expect.stringMatching(/imported with 2 keys/)])
    const store = after.store()
    expect(await store.readCreds()).toBe(CREDS)
    expect(await store.readKeys({ type: 'session', ids: ['4915.0'] })).toEqual([
      { id: '4915.0', value: '{"ratchet":1}' },
    ])
    expect(await store.readLease()).toMatchObject({ isReleased: true, epoch: 1 })
  })

  it('goes through a pipe as well, and into a session of another name', async () => {
    const [before, after] = [await database(), await database()]
    await before.pair()
    const { out } = await before.run('export -')
    expect(out).toMatch(/^blacksky-session 1\n/)
    expect(out).not.toContain('ratchet')
    const env = { DATABASE_URL: after.url, SESSION_ID: 'other', SESSION_PASSPHRASE: PASSPHRASE }
    expect(await run(['import', '-'], { ...env, SESSION_ENCRYPTION_KEY: OLD_KEY }, out)).toMatchObject({
      status: 0,
    })
    expect(await after.store('other').readCreds()).toBe(CREDS)
  })

  it('is refused while a bot holds the session, and exports all the same with --live', async () => {
    const before = await database()
    await before.pair({ isReleased: false })
    expect(await before.run('export a.session')).toMatchObject({
      status: 3,
      err: expect.stringMatching(/stop it first/),
    })
    expect(readdirSync(folder)).toEqual([])
    expect(await before.run('export a.session --live')).toMatchObject({ status: 0 })
  })

  it('overwrites neither a file nor a session', async () => {
    const before = await database()
    await before.pair()
    await before.run('export a.session')
    const text = readFileSync(join(folder, 'a.session'), 'utf8')
    expect(await before.run('export a.session')).toMatchObject({
      status: 4,
      err: expect.stringMatching(/EEXIST/),
    })
    expect(readFileSync(join(folder, 'a.session'), 'utf8')).toBe(text)
    expect(await before.run('import a.session')).toMatchObject({
      status: 3,
      err: expect.stringMatching(/--replace puts it aside/),
    })
  })

  it('puts the session that was there aside, from where it comes back', async () => {
    const bot = await database()
    const epoch = await bot.pair()
    await bot.run('export a.session')
    const replaced = await bot.run('import a.session --replace')
    expect([replaced.status, replaced.err]).toEqual([0, expect.stringMatching(/kept as default~2\n/)])
    expect(await bot.store().commit({ epoch, sequence: 9, nowMs: 1, creds: 'stale' })).toBe('stale-epoch')
    expect(await bot.run('export b.session --aside default~2')).toMatchObject({ status: 0 })
    expect((await bot.run('status')).out).toMatch(/put aside +default~2, 1 versions, 2 keys/)
  })
})

describe('an import that cannot be', () => {
  it.each([
    ['another file', '{"creds":1}', PASSPHRASE, /no session export/],
    ['an empty file', '', PASSPHRASE, /no session export/],
    ['a cut file', 'blacksky-session 1\nAAAAAAAA', PASSPHRASE, /damaged or cut short/],
    ['a newer format', 'blacksky-session 7\nAAAA', PASSPHRASE, /format 7; this release reads format 1/],
    ['another passphrase', undefined, 'incorrect horse', /passphrase/],
  ])(
    'because of %s ends with 4 and one line, and writes nothing',
    async (_what, content, passphrase, line) => {
      const [before, after] = [await database(), await database()]
      await before.pair()
      if (content === undefined) await before.run('export a.session')
      else writeFileSync(join(folder, 'a.session'), content)
      const refused = await after.run('import a.session', { SESSION_PASSPHRASE: passphrase })
      expect([refused.status, refused.out]).toEqual([4, ''])
      expect(refused.err).toMatch(line)
      expect(refused.err.trim().split('\n')).toHaveLength(1)
      expect((await after.run('status')).out).toMatch(/credentials +none/)
    },
  )

  it('because the file is missing ends with 4', async () => {
    expect(await (await database()).run('import missing')).toMatchObject({
      status: 4,
      err: expect.stringMatching(/ENOENT/),
    })
  })
})

describe('a bot that lives', () => {
  it('keeps the session: reset and import refuse', async () => {
    const bot = await database()
    const epoch = await bot.pair({ isReleased: false })
    const renewing = setInterval(() => void bot.store().renewLease({ owner: 'bot', epoch }), 300)
    try {
      expect(await bot.run('reset --yes')).toMatchObject({
        status: 3,
        err: expect.stringMatching(/is using this/),
      })
    } finally {
      clearInterval(renewing)
    }
    expect(await bot.store().readCreds()).toBe(CREDS)
    expect(await bot.store().readLease()).toMatchObject({ owner: 'bot', epoch })
  })

  it('is waited for when it was only killed', async () => {
    const bot = await database()
    await bot.pair({ isReleased: false })
    const reset = await bot.run('reset --yes')
    expect([reset.status, reset.err]).toEqual([0, expect.stringMatching(/looking for 2 s[\s\S]*default~2/)])
  })
})

describe('reset', () => {
  it('asks, and without an answer does nothing', async () => {
    const bot = await database()
    await bot.pair()
    expect(await bot.run('reset')).toMatchObject({ status: 2, err: expect.stringMatching(/--yes/) })
    expect(await bot.store().readCreds()).toBe(CREDS)
  })

  it('makes a halted session free for pairing, deletes nothing and never lets the epoch fall', async () => {
    const bot = await database()
    const epoch = await bot.pair({ isReleased: false })
    await bot.store().haltSession({ epoch, cause: 'logged-out' })
    await bot.store().releaseLease({ owner: 'bot', epoch })
    expect((await bot.run('status')).out).toMatch(/halted +by logged-out/)
    expect(await bot.run('reset --yes')).toMatchObject({ status: 0 })
    expect(await bot.store().readLease()).toMatchObject({
      haltedBy: undefined,
      isReleased: true,
      epoch: epoch + 1,
    })
    expect(await bot.store().readCreds()).toBeUndefined()
    const { rows } = await bot.pool.query(`SELECT session_id FROM blacksky_keys`)
    expect(rows).toEqual([{ session_id: 'default~2' }, { session_id: 'default~2' }])
    expect(await bot.run('reset --yes')).toMatchObject({
      status: 3,
      err: expect.stringMatching(/no session/),
    })
  })
})

describe('status', () => {
  it('tells of a database that no bot has used, and makes nothing in it', async () => {
    const empty = await database()
    await empty.pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
    expect((await empty.run('status')).out).toMatch(/lease +never taken\ncredentials +none/)
    const { rows } = await empty.pool.query(
      `SELECT 1 FROM information_schema.tables WHERE table_schema = 'public'`,
    )
    expect(rows).toEqual([])
  })

  it('says lease, epoch, pairing and versions, as text and as JSON', async () => {
    const bot = await database()
    const epoch = await bot.pair({ isReleased: false })
    await bot.store().commit({ epoch, sequence: 2, nowMs: 1_700_000_060_000, creds: CREDS })
    const { out } = await bot.run('status')
    expect(out).toMatch(/lease +held by bot .*epoch 1/)
    expect(out).toMatch(/credentials +paired/)
    expect(out).toMatch(/version +2, of 2023-11-14T22:14:20.000Z, readable\nversion +1,/)
    expect(JSON.parse((await bot.run('status --json')).out)).toMatchObject({
      epoch: 1,
      keys: 2,
      credentials: 'paired',
    })
  })

  it('says what is damaged, and by whom it cannot be read', async () => {
    const bot = await database()
    await bot.pair()
    expect((await bot.run('status', { SESSION_ENCRYPTION_KEY: NEW_KEY })).out).toMatch(
      /sealed under another key/,
    )
    expect(await bot.run('export a.session', { SESSION_ENCRYPTION_KEY: NEW_KEY })).toMatchObject({
      status: 3,
      err: expect.stringMatching(/SESSION_ENCRYPTION_KEY/),
    })
    await bot.pool.query(`UPDATE blacksky_keys SET value = substr(value, 1, 30) WHERE id = '1'`)
    expect((await bot.run('status')).out).toMatch(/keys +1, and 1 damaged/)
    await bot.pool.query(`UPDATE blacksky_creds SET value = substr(value, 1, 40)`)
    expect((await bot.run('status')).out).toMatch(/credentials +unreadable[\s\S]*corrupt/)
  })
})

describe('the command line', () => {
  it.each([
    [['--help'], {}, 0, /Commands:/],
    [['import', '--help'], {}, 0, /--replace/],
    [[], {}, 2, /Usage/],
    [['publish'], {}, 2, /unknown command/],
    [['export'], {}, 2, /missing required argument/],
    [['export', 'a', '--passphrase', 'secret'], {}, 2, /unknown option/],
    [['status'], {}, 78, /DATABASE_URL is missing/],
    [['status'], { DATABASE_URL: 'postgres://u:hidden@127.0.0.1:1/x' }, 5, /ECONNREFUSED/],
    [['export', 'a'], { DATABASE_URL: 'postgres://u:hidden@127.0.0.1:1/x' }, 2, /SESSION_PASSPHRASE/],
  ] as const)('%j with %j ends with %i', async (args, env, status, words) => {
    const ended = await run(args, env)
    expect(ended.status).toBe(status)
    expect(ended.out + ended.err).toMatch(words)
    expect(ended.out + ended.err).not.toMatch(/hidden| at .*\.ts:/)
  })
})

/** How the database shows under which key a row is sealed. */
function idOf(keyHex: string): string {
  return createHash('sha256').update(Buffer.from(keyHex, 'hex')).digest('hex').slice(0, 8)
}

function cipherOf(keyHex: string): ReturnType<typeof createRowCipher> {
  const keys = [Buffer.from(keyHex, 'hex')]
  return createRowCipher({ sessionId: 'default', secureRandom: new SystemSecureRandom(), keys })
}

describe('reseal', () => {
  const BOTH = { SESSION_ENCRYPTION_KEY: NEW_KEY, SESSION_ENCRYPTION_KEY_PREVIOUS: OLD_KEY }
  const CHAT = '4915@s.whatsapp.net'

  /** Credentials, more keys than a page holds, a command and a reply, all under the old key. */
  async function rotating(): Promise<Database> {
    const db = await database(OLD_KEY)
    const epoch = await db.pair({ isReleased: false })
    const keys = Array.from({ length: 1_203 }, (_, index) => ({
      type: 'session',
      id: `${index}.0`,
      value: '{}',
    }))
    await db.store().commit({ epoch, sequence: 2, nowMs: 1, keys })
    const journal = new PostgresMessageJournal({
      pool: db.pool,
      sessionId: 'default',
      cipher: cipherOf(OLD_KEY),
    })
    const message = { chat: CHAT, participant: '', id: 'A', sentAtMs: 1 }
    await journal.recordInbound({ epoch, nowMs: 1, message: { ...message, text: '.ping' } })
    const key = { chat: CHAT, participant: '', id: 'B' }
    const reply = { replyId: 'R', chat: CHAT, text: 'pong' }
    await journal.recordInbound({ epoch, nowMs: 1, message: { ...message, id: 'B', text: '.ping' } })
    await journal.recordHandled({ epoch, nowMs: 1, key, reply })
    return db
  }

  it('writes everything anew while a bot holds the session, so that the old key can go', async () => {
    const db = await rotating()
    expect(await db.rowsByKey()).toEqual({ [idOf(OLD_KEY)]: 1_208 })
    const done = await db.run('reseal', BOTH)
    expect([done.status, done.err]).toEqual([0, expect.stringContaining('1208 rows written anew')])
    expect(await db.rowsByKey()).toEqual({ [idOf(NEW_KEY)]: 1_208 })
    const store = new PostgresSessionStore({ pool: db.pool, sessionId: 'default', cipher: cipherOf(NEW_KEY) })
    expect(await store.readCreds()).toBe(CREDS)
    expect(await store.readKeys({ type: 'pre-key', ids: ['1'] })).toEqual([
      { id: '1', value: KEYS[0]?.value },
    ])
    const journal = new PostgresMessageJournal({
      pool: db.pool,
      sessionId: 'default',
      cipher: cipherOf(NEW_KEY),
    })
    expect(await journal.readReply({ replyId: 'R' })).toMatchObject({ text: 'pong' })
    const again = await db.run('reseal', BOTH)
    expect(again.err).toContain('0 rows written anew, 1208 were already under this key')
  })

  it('says what it cannot open, and leaves it as it is', async () => {
    const db = await rotating()
    const done = await db.run('reseal', { SESSION_ENCRYPTION_KEY: NEW_KEY })
    expect([done.status, done.err]).toEqual([3, expect.stringContaining('1208 rows do not open')])
    expect(await db.rowsByKey()).toEqual({ [idOf(OLD_KEY)]: 1_208 })
  })

  it('lets stand what the bot writes meanwhile', async () => {
    const db = await rotating()
    const secureRandom = new SystemSecureRandom()
    const keys = [NEW_KEY, OLD_KEY].map((hex) => Buffer.from(hex, 'hex'))
    const cipher = createRowCipher({ sessionId: 'default', secureRandom, keys })
    const bot = new PostgresSessionStore({ pool: db.pool, sessionId: 'default', cipher })
    let sequence = 2
    // The bot moves the ratchet between the reading of its row and the writing.
    const isCurrent = (sealed: Uint8Array): boolean => isSealedUnder(keys[0], sealed)
    const racing = {
      connect: async () => {
        const client = await db.pool.connect()
        const query = async (statement: { name: string; values: unknown[] }) => {
          if (
            statement.name === 'reseal-replace-blacksky_keys' &&
            String(statement.values[1]) === 'session,4915.0'
          ) {
            const change = { type: 'session', id: '4915.0', value: '{"ratchet":2}' }
            await bot.commit({ epoch: 1, sequence: ++sequence, nowMs: 2, keys: [change] })
          }
          return client.query(statement as never)
        }
        return { query, release: () => client.release() }
      },
    }
    const pool = racing as unknown as pg.Pool
    expect(await resealRows({ pool, sessionId: 'default', cipher, isCurrent })).toMatchObject({
      unreadable: 0,
    })
    expect(sequence).toBe(3)
    const read = new PostgresSessionStore({ pool: db.pool, sessionId: 'default', cipher: cipherOf(NEW_KEY) })
    expect(await read.readKeys({ type: 'session', ids: ['4915.0'] })).toEqual([
      { id: '4915.0', value: '{"ratchet":2}' },
    ])
  })
})
