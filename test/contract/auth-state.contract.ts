/**
 * What a store of Baileys' auth state must do so that a bot neither loses its session nor corrupts it. Public: it
 * knows nothing of our stores, so any other can be put to it. A store that is known to be wrong names the claims
 * it breaks, and is held to breaking just those.
 */

import assert from 'node:assert/strict'
import { initAuthCreds } from '@whiskeysockets/baileys'
import type { AuthenticationCreds } from '@whiskeysockets/baileys'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

type KeyValues = Readonly<Record<string, unknown>>

/** One opening of a session, as one process has it. */
export interface AuthStateUnderTest {
  readonly creds: AuthenticationCreds
  readonly keys: {
    get(type: string, ids: string[]): Promise<KeyValues>
    set(changes: Readonly<Record<string, KeyValues>>): Promise<void>
  }
  saveCreds(): Promise<void>
}

/** One session; each `open` reads what is durable, as a process does that begins after a crash. */
export interface AuthStateSession {
  open(): Promise<AuthStateUnderTest>
  /** Cuts the newest stored credentials in half, as a torn write does. */
  damageCreds(): Promise<void>
  /** From now on no write gets through, or they do again. */
  failWrites(doFail: boolean): void | Promise<void>
}

export interface AuthStateFixture {
  newSession(): Promise<AuthStateSession>
  close(): Promise<void>
}

interface Claim {
  readonly claim: string
  readonly check: (session: AuthStateSession) => Promise<void>
}

const bytes = (...values: number[]): Buffer => Buffer.from(values)

const CLAIMS = [
  {
    claim: 'gives fresh credentials to a session that has none',
    check: async (session) => {
      const { creds } = await session.open()
      assert.equal(creds.me, undefined)
      assert.equal(creds.noiseKey.private.length, 32)
    },
  },
  {
    claim: 'gives saved credentials back, to the byte',
    check: async (session) => {
      const first = await session.open()
      first.creds.me = { id: '491:5@s.whatsapp.net', lid: '77:5@lid', name: 'Bot \u{1F600}' }
      first.creds.account = { details: bytes(0, 255), accountSignature: bytes(1, 2) }
      await first.saveCreds()
      const second = await session.open()
      assert.deepEqual(second.creds.me, first.creds.me)
      assert.deepEqual(Buffer.from(second.creds.noiseKey.private), Buffer.from(first.creds.noiseKey.private))
      assert.deepEqual(Buffer.from(second.creds.account?.details ?? []), bytes(0, 255))
      assert.deepEqual(second.creds.advSecretKey, first.creds.advSecretKey)
    },
  },
  {
    claim: 'never makes fresh credentials of damaged ones',
    check: async (session) => {
      const first = await session.open()
      first.creds.me = { id: '491:5@s.whatsapp.net' }
      await first.saveCreds()
      await session.damageCreds()
      const outcome = await session.open().then(
        ({ creds }) => creds.me?.id ?? 'fresh credentials',
        () => 'an error',
      )
      // Credentials from before the damage are as good as an error.
      assert(['an error', '491:5@s.whatsapp.net'].includes(outcome), outcome)
    },
  },
  {
    claim: 'gives keys of every shape back',
    check: async (session) => {
      const { keys } = await session.open()
      const changes = {
        session: { '491.0': { _sessions: { a: { registrationId: 5, key: bytes(9) } }, version: 'v1' } },
        'pre-key': { '7': { public: bytes(1), private: bytes(2) } },
        'sender-key': { '120@g.us::491::0': bytes(3, 4) },
        'sender-key-memory': { '120@g.us': { '492:0@s.whatsapp.net': true } },
        'lid-mapping': { '491': '77', '77_reverse': '491' },
        'device-list': { '491': ['0', '5'] },
      }
      await keys.set(changes)
      const again = (await session.open()).keys
      for (const [type, values] of Object.entries(changes)) {
        assert.deepEqual(await again.get(type, Object.keys(values)), values)
      }
    },
  },
  {
    claim: 'gives nothing for keys that are not there or were deleted',
    check: async (session) => {
      const { keys } = await session.open()
      await keys.set({ session: { a: bytes(1), b: bytes(2) } })
      await keys.set({ session: { a: null } })
      const { a, b, c } = await (await session.open()).keys.get('session', ['a', 'b', 'c'])
      assert.deepEqual([a ?? undefined, b, c ?? undefined], [undefined, bytes(2), undefined])
    },
  },
  {
    claim: 'keeps ids apart that look alike',
    check: async (session) => {
      const ids = ['a/b', 'a__b', 'a:b', 'a-b', 'A/b', '../a', 'a\u0308', '\u00e4', ' a ']
      const values = Object.fromEntries(ids.map((id, index) => [id, bytes(index)]))
      const { keys } = await session.open()
      await keys.set({ session: values })
      assert.deepEqual(await (await session.open()).keys.get('session', ids), values)
    },
  },
  {
    claim: 'has written what it says it has written',
    check: async (session) => {
      const { keys } = await session.open()
      for (let round = 0; round < 20; round += 1) {
        await keys.set({ session: { a: bytes(round) } })
        assert.deepEqual(await (await session.open()).keys.get('session', ['a']), { a: bytes(round) })
      }
    },
  },
  {
    claim: 'keeps the order of writes that overlap',
    check: async (session) => {
      const { keys } = await session.open()
      await Promise.all(Array.from({ length: 50 }, (_, index) => keys.set({ session: { a: bytes(index) } })))
      assert.deepEqual(await keys.get('session', ['a']), { a: bytes(49) })
      assert.deepEqual(await (await session.open()).keys.get('session', ['a']), { a: bytes(49) })
    },
  },
  {
    claim: 'gives a write that is under way to whoever reads after it',
    check: async (session) => {
      const { keys } = await session.open()
      const writing = keys.set({ session: { a: bytes(1) } })
      assert.deepEqual(await keys.get('session', ['a']), { a: bytes(1) })
      await writing
    },
  },
  {
    claim: 'writes what the value was at the call, and hands out copies',
    check: async (session) => {
      const { keys } = await session.open()
      const value = { counter: 1 }
      const writing = keys.set({ session: { a: value } })
      value.counter = 2
      await writing
      const { a } = await keys.get('session', ['a'])
      assert.deepEqual(a, { counter: 1 })
      Object.assign(a as object, { counter: 3 })
      assert.deepEqual(await keys.get('session', ['a']), { a: { counter: 1 } })
    },
  },
  {
    claim: 'writes all of a transaction or nothing of it',
    check: async (session) => {
      const { keys } = await session.open()
      const unwritable = Object.defineProperty({}, 'key', {
        enumerable: true,
        get: () => {
          throw new Error('cannot be written')
        },
      })
      const changes = { session: { a: bytes(1) }, 'pre-key': { '1': unwritable } }
      await assert.rejects(keys.set(changes), /cannot be written/)
      const { a } = await (await session.open()).keys.get('session', ['a'])
      assert.equal(a ?? undefined, undefined)
    },
  },
  {
    claim: 'says so when a write failed, and is not ahead of what is stored',
    check: async (session) => {
      const { keys } = await session.open()
      await keys.set({ session: { a: bytes(1) } })
      await session.failWrites(true)
      const failure = await keys.set({ session: { a: bytes(2) } }).then(
        () => undefined,
        (error: unknown) => error,
      )
      await session.failWrites(false)
      assert(failure instanceof Error)
      assert.deepEqual(await keys.get('session', ['a']), { a: bytes(1) })
      assert.deepEqual(await (await session.open()).keys.get('session', ['a']), { a: bytes(1) })
    },
  },
  {
    claim: 'never shows credentials that were saved in parts',
    check: async (session) => {
      const first = await session.open()
      await first.saveCreds()
      const versions = Array.from({ length: 20 }, (_, index) => index)
      const saving = versions.map((version) => {
        Object.assign(first.creds, { ...initAuthCreds(), nextPreKeyId: version })
        return first.saveCreds()
      })
      const seen = await Promise.all(
        versions.map(async () => (await session.open()).creds.noiseKey.private.length),
      )
      await Promise.all(saving)
      assert.deepEqual(new Set(seen), new Set([32]))
      assert.deepEqual((await session.open()).creds.nextPreKeyId, 19)
    },
  },
] as const satisfies readonly Claim[]

export type AuthStateClaim = (typeof CLAIMS)[number]['claim']

/** @param breaks claims that this store is known to break */
export function describeAuthState(
  name: string,
  makeFixture: () => Promise<AuthStateFixture>,
  breaks: readonly AuthStateClaim[] = [],
): void {
  describe(`auth state: ${name}`, () => {
    let fixture: AuthStateFixture
    let session: AuthStateSession
    beforeAll(async () => {
      fixture = await makeFixture()
    })
    afterAll(() => fixture.close())
    beforeEach(async () => {
      session = await fixture.newSession()
    })

    const held = CLAIMS.filter(({ claim }) => !breaks.includes(claim))
    const broken = CLAIMS.filter(({ claim }) => breaks.includes(claim))
    it.each(held)('$claim', async ({ check }) => {
      await expect(check(session)).resolves.toBeUndefined()
    })
    it.each(broken)('does not hold: $claim', async ({ check }) => {
      await expect(check(session)).rejects.toThrow(/./)
    })
  })
}
