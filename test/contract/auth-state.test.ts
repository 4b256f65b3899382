/** Our stores, and the one that most bots use, under the contract of auth states. */

import { mkdtempSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useMultiFileAuthState } from '@whiskeysockets/baileys'
import type { AuthenticationCreds } from '@whiskeysockets/baileys'
import { freshCreds } from '../../src/adapters/baileys-creds.ts'
import { isPaired } from '../../src/adapters/baileys-paired.ts'
import { guardedKeyStore } from '../../src/adapters/baileys-keys.ts'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { PostgresSessionStore } from '../../src/adapters/postgres-session-store.ts'
import { SystemClock } from '../../src/adapters/system-clock.ts'
import { SystemSecureRandom } from '../../src/adapters/system-secure-random.ts'
import { AppError } from '../../src/errors.ts'
import type { SessionStore } from '../../src/ports/session-store.ts'
import { openAuthState } from '../../src/session/auth-state.ts'
import { createRowCipher } from '../../src/session/encryption.ts'
import { InMemoryDatabase } from '../../sim/fakes/in-memory-database.ts'
import { InMemorySessionStore } from '../../sim/fakes/in-memory-session-store.ts'
import { testDatabase } from '../support/database.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { storeWithCommit } from '../support/store-with-commit.ts'
import { describeAuthState } from './auth-state.contract.ts'
import type { AuthStateFixture, AuthStateSession, AuthStateUnderTest } from './auth-state.contract.ts'
import { freshSession } from './store-fixture.ts'

const SETTINGS = { keyCacheBytes: 1_000_000, maxQueuedWrites: 1_000, maxQueuedBytes: 8_000_000 }

/** The auth state as production gives it to Baileys, over any session store. */
async function sessionOver(store: SessionStore, damageCreds: () => Promise<void>): Promise<AuthStateSession> {
  let doFail = false
  let sequence = 0
  const lease = await store.takeLease({ owner: 'test', expected: undefined })
  const failing = storeWithCommit(store, (commit) =>
    doFail ? Promise.reject(new AppError('store-unavailable', 'away')) : store.commit(commit),
  )
  const open = async (): Promise<AuthStateUnderTest> => {
    const { auth } = await openAuthState({
      store: failing,
      epoch: lease?.epoch ?? 0,
      nextSequence: () => (sequence += 1),
      clock: new SystemClock(),
      logger: new RecordingLogger(),
      connector: { freshCreds, isPaired },
      settings: SETTINGS,
    })
    // A guard lets nothing through any more once it has seen a failure: each test step gets a new one.
    const keys = (): ReturnType<typeof guardedKeyStore> =>
      guardedKeyStore(auth, { isAlive: () => true, onFailure: () => undefined })
    return {
      creds: auth.creds as unknown as AuthenticationCreds,
      keys: {
        get: async (type, ids) => keys().get(type as 'session', ids),
        set: async (changes) => keys().set(changes),
      },
      saveCreds: () => auth.saveCreds(),
    }
  }
  return { open, damageCreds, failWrites: (does) => void (doFail = does) }
}

function inMemory(): Promise<AuthStateFixture> {
  const database = new InMemoryDatabase()
  return Promise.resolve({
    newSession: () => {
      const sessionId = freshSession()
      return sessionOver(new InMemorySessionStore({ database, sessionId }), () => {
        const { creds } = database.session(sessionId)
        const newest = creds.pop()
        if (newest !== undefined)
          creds.push({ ...newest, value: newest.value.slice(0, newest.value.length / 2) })
        return Promise.resolve()
      })
    },
    close: () => Promise.resolve(),
  })
}

/** @param keys as SESSION_ENCRYPTION_KEY gives them; none: rows are plain */
async function onPostgres(keys: readonly Uint8Array[]): Promise<AuthStateFixture> {
  const pool = createPool({
    databaseUrl: await testDatabase(),
    maxConnections: 4,
    ssl: 'auto',
    applicationName: 'auth-state-contract',
    logger: new RecordingLogger(),
  })
  const secureRandom = new SystemSecureRandom()
  return {
    newSession: () => {
      const sessionId = freshSession()
      const cipher = createRowCipher({ sessionId, secureRandom, keys })
      return sessionOver(new PostgresSessionStore({ pool, sessionId, cipher }), async () => {
        await pool.query(
          `UPDATE blacksky_creds SET value = substring(value, 1, length(value) / 2) WHERE session_id = $1
           AND version = (SELECT max(version) FROM blacksky_creds WHERE session_id = $1)`,
          [sessionId],
        )
      })
    },
    close: () => pool.end(),
  }
}

function inFiles(): Promise<AuthStateFixture> {
  const root = mkdtempSync(join(tmpdir(), 'auth-state-'))
  return Promise.resolve({
    newSession: () => {
      const folder = join(root, freshSession())
      return Promise.resolve({
        open: async () => {
          const { state, saveCreds } = await useMultiFileAuthState(folder)
          return { creds: state.creds, keys: state.keys as AuthStateUnderTest['keys'], saveCreds }
        },
        damageCreds: () => {
          const file = join(folder, 'creds.json')
          truncateSync(file, readFileSync(file).length / 2)
          return Promise.resolve()
        },
        // Without its folder no file can be written.
        failWrites: (does) => renameSync(does ? folder : `${folder}.away`, does ? `${folder}.away` : folder),
      })
    },
    close: () => Promise.resolve(rmSync(root, { recursive: true, force: true })),
  })
}

describeAuthState('in memory', inMemory)
describeAuthState('Postgres', () => onPostgres([]))
describeAuthState('Postgres, sealed', () => onPostgres([new SystemSecureRandom().bytes(32)]))
describeAuthState('useMultiFileAuthState', inFiles, [
  'never makes fresh credentials of damaged ones',
  'keeps ids apart that look alike',
  'writes all of a transaction or nothing of it',
  'writes what the value was at the call, and hands out copies',
])
