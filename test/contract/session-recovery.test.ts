/** Damaged sessions on a real server, opened as the bot opens them. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { PostgresSessionStore } from '../../src/adapters/postgres-session-store.ts'
import { SystemSecureRandom } from '../../src/adapters/system-secure-random.ts'
import { BotSession } from '../../src/bot-session.ts'
import type { WhatsappConnector } from '../../src/ports/whatsapp-socket.ts'
import { createRowCipher } from '../../src/session/encryption.ts'
import { openArchive, sealArchive } from '../../src/session/session-archive.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { testDatabase } from '../support/database.ts'
import { freshSession } from './store-fixture.ts'
import type pg from 'pg'

const KEY = new Uint8Array(32).fill(1)
const OTHER_KEY = new Uint8Array(32).fill(2)
const connector: WhatsappConnector = {
  freshCreds: () => ({ fresh: true }),
  isPaired: (creds) => typeof creds['me'] === 'string',
  connect: () => {
    throw new Error('nothing connects here')
  },
}

let pool: pg.Pool
let sessionId: string
let epoch: number
beforeAll(async () => {
  const databaseUrl = await testDatabase()
  const logger = new RecordingLogger()
  pool = createPool({ databaseUrl, maxConnections: 2, ssl: 'auto', applicationName: 'recovery-test', logger })
})
afterAll(() => pool.end())
beforeEach(async () => {
  sessionId = freshSession()
  epoch = (await storeUnder(KEY).takeLease({ owner: 'a', expected: undefined }))?.epoch ?? 0
})

function storeUnder(...keys: Uint8Array[]): PostgresSessionStore {
  const cipher = createRowCipher({ sessionId, secureRandom: new SystemSecureRandom(), keys })
  return new PostgresSessionStore({ pool, sessionId, cipher })
}

/** A bot's session over these rows, as a process that has just started sees it. */
function botSession(keys: readonly Uint8Array[] = [KEY], importText?: string) {
  const logger = new RecordingLogger()
  const session = new BotSession({
    store: storeUnder(...keys),
    clock: new ManualClock(),
    logger,
    connector,
    readImport: () => (importText === undefined ? undefined : openArchive(importText, 'correct horse')),
  })
  return { logger, open: () => session.openAuth(epoch), trouble: () => session.trouble() }
}

/** Versions `v1` to `v3` of paired credentials, three pre-keys and two chats. */
async function pair(): Promise<void> {
  const store = storeUnder(KEY)
  for (const version of [1, 2, 3]) {
    const creds = JSON.stringify({ me: `v${version}`, nextPreKeyId: 5 * version, firstUnuploadedPreKeyId: 1 })
    const keys = [
      { type: 'pre-key', id: String(20 + version), value: '{}' },
      { type: 'session', id: `chat-${version}`, value: '{"ratchet":1}' },
    ]
    await store.commit({ epoch, sequence: version, nowMs: version, creds, keys })
  }
  // Another process goes on: a sequence of its own.
  epoch = (await store.takeLease({ owner: 'b', expected: { epoch, counter: 0 } }))?.epoch ?? 0
}

async function damage(change: string, where: string): Promise<void> {
  await pool.query(`UPDATE blacksky_creds SET value = ${change} WHERE session_id = $1 AND ${where}`, [
    sessionId,
  ])
}

const TRUNCATED = 'substr(value, 1, 25)'
const ALTERED = 'set_byte(value, 20, get_byte(value, 20) # 1)'
const EMPTIED = `''::bytea`

describe('credentials', () => {
  it.each([TRUNCATED, ALTERED, EMPTIED])(
    'whose newest row is damaged (%s) come from the version before',
    async (change) => {
      await pair()
      await damage(change, 'version = 3')
      const opened = await botSession().open()
      expect(opened.auth.creds).toMatchObject({ me: 'v2', nextPreKeyId: 24, firstUnuploadedPreKeyId: 24 })
      expect(opened.isFresh).toBe(false)
      // What was restored is the current row again, so that the next process has nothing to restore.
      const next = botSession()
      expect((await next.open()).auth.creds).toMatchObject({ me: 'v2', nextPreKeyId: 24 })
      expect(next.logger.lines).toEqual([])
    },
  )

  it('that are damaged in every version are refused, said once with what to do, and nothing is changed', async () => {
    await pair()
    await damage(TRUNCATED, 'true')
    const before = await pool.query('SELECT * FROM blacksky_creds WHERE session_id = $1', [sessionId])
    const bot = botSession()
    for (let attempt = 0; attempt < 3; attempt++)
      await expect(bot.open()).rejects.toMatchObject({ code: 'store-corrupt' })
    expect(bot.trouble()).toMatchObject({ code: 'store-corrupt' })
    expect(bot.logger.lines).toMatchObject([{ level: 'error', event: 'session.unusable' }])
    const after = await pool.query('SELECT * FROM blacksky_creds WHERE session_id = $1', [sessionId])
    expect(after.rows).toEqual(before.rows)
  })

  it.each([
    ['another key', [OTHER_KEY]],
    ['no key', []],
  ])('under %s are refused, never made anew, and are there again under their own', async (_what, keys) => {
    await pair()
    const bot = botSession(keys)
    await expect(bot.open()).rejects.toMatchObject({ code: 'encryption-key-missing' })
    expect(bot.trouble()?.remedy).toMatch(/SESSION_ENCRYPTION_KEY/)
    expect((await botSession().open()).auth.creds).toMatchObject({ me: 'v3' })
  })

  it('go on under a new key while the one before is still known', async () => {
    await pair()
    const { auth } = await botSession([OTHER_KEY, KEY]).open()
    auth.creds['me'] = 'v4'
    await auth.saveCreds()
    expect((await botSession([OTHER_KEY]).open()).auth.creds).toMatchObject({ me: 'v4' })
  })
})

describe('a key', () => {
  it('that was altered or moved counts as absent, and the others are read', async () => {
    await pair()
    await pool.query(`UPDATE blacksky_keys SET value = ${ALTERED} WHERE session_id = $1 AND id = 'chat-1'`, [
      sessionId,
    ])
    await pool.query(
      `UPDATE blacksky_keys SET value = (SELECT value FROM blacksky_keys WHERE session_id = $1 AND id = 'chat-3')
       WHERE session_id = $1 AND id = 'chat-2'`,
      [sessionId],
    )
    const bot = botSession()
    const { auth } = await bot.open()
    expect(await auth.keys.get('session', ['chat-1', 'chat-2', 'chat-3'])).toEqual({
      'chat-3': { ratchet: 1 },
    })
    expect(bot.logger.lines).toHaveLength(2)
  })
})

describe('keys of a key that was taken away too early', () => {
  it('count as absent, so that only their chats are negotiated anew', async () => {
    await pair()
    const rotating = await botSession([OTHER_KEY, KEY]).open()
    await rotating.auth.saveCreds()
    rotating.auth.creds['me'] = 'v4'
    await rotating.auth.saveCreds()
    await rotating.auth.keys.set({ session: { 'chat-1': { ratchet: 2 } } })
    const { auth } = await botSession([OTHER_KEY]).open()
    expect(await auth.keys.get('session', ['chat-1', 'chat-2'])).toEqual({ 'chat-1': { ratchet: 2 } })
  })
})

describe('an import', () => {
  const text = sealArchive(
    {
      sessionId: 'elsewhere',
      exportedAtMs: 1,
      creds: '{"me":"moved"}',
      keys: [{ type: 'session', id: 'chat', value: '{"ratchet":9}' }],
    },
    'correct horse',
    new SystemSecureRandom(),
  )

  it('is taken into an empty database at the first start, and not again after it', async () => {
    const { auth } = await botSession([KEY], text).open()
    expect(auth.creds).toMatchObject({ me: 'moved' })
    expect(await auth.keys.get('session', ['chat'])).toEqual({ chat: { ratchet: 9 } })
    await auth.keys.set({ session: { chat: { ratchet: 10 } } })
    const next = await botSession([KEY], text).open()
    expect(await next.auth.keys.get('session', ['chat'])).toEqual({ chat: { ratchet: 10 } })
  })

  it('that is damaged keeps the bot from pairing anew', async () => {
    const bot = botSession([KEY], text.slice(0, -30))
    await expect(bot.open()).rejects.toMatchObject({ code: 'archive-invalid' })
    expect(bot.trouble()?.remedy).toMatch(/SESSION_IMPORT/)
    expect(await storeUnder(KEY).readCreds()).toBeUndefined()
  })
})
