/** What every session store does with credentials and keys, whatever it is made of. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CREDS_HISTORY_VERSIONS } from '../../src/ports/session-store.ts'
import { freshSession } from './store-fixture.ts'
import type { SessionCommit, SessionStore, WriteOutcome } from '../../src/ports/session-store.ts'
import type { MakeFixture, StoreFixture } from './store-fixture.ts'

const NOW_MS = 1_700_000_000_000

function commit(store: SessionStore, epoch: number, parts: Partial<SessionCommit>): Promise<WriteOutcome> {
  return store.commit({ epoch, nowMs: NOW_MS, ...parts })
}

export function describeSessionData(name: string, makeFixture: MakeFixture): void {
  describe(`session data: ${name}`, () => {
    let fixture: StoreFixture
    let sessionId: string
    let store: SessionStore
    beforeAll(async () => {
      fixture = await makeFixture()
    })
    afterAll(() => fixture.close())
    beforeEach(() => {
      sessionId = freshSession()
      store = fixture.sessionStore(sessionId)
    })

    const take = async (owner = 'a'): Promise<number> => {
      const lease = await store.readLease()
      const taken = await store.takeLease({ owner, expected: lease })
      expect(taken?.owner).toBe(owner)
      return taken?.epoch ?? -1
    }

    describe('credentials and keys', () => {
      it('are confirmed to be absent before the first commit', async () => {
        expect(await store.readCreds()).toBeUndefined()
        expect(await store.readKeys({ type: 'session', ids: ['1'] })).toEqual([])
      })

      it('are refused without the lease or under another epoch, and then nothing is written', async () => {
        const keys = [{ type: 'session', id: '1', value: 'x' }]
        expect(await commit(store, 1, { creds: 'c', keys })).toBe('stale-epoch')
        const epoch = await take()
        expect(await commit(store, epoch + 1, { creds: 'c', keys })).toBe('stale-epoch')
        await take('b')
        expect(await commit(store, epoch, { creds: 'c', keys })).toBe('stale-epoch')
        expect(await store.readCreds()).toBeUndefined()
        expect(await store.readKeys({ type: 'session', ids: ['1'] })).toEqual([])
      })

      it('are read back from another instance, the newest credentials first', async () => {
        const epoch = await take()
        const versions = Array.from({ length: CREDS_HISTORY_VERSIONS + 3 }, (_, index) => `creds ${index}`)
        for (const creds of versions) expect(await commit(store, epoch, { creds })).toBe('written')
        expect(await fixture.sessionStore(sessionId).readCreds()).toBe(versions.at(-1))
      })

      it('are written and deleted together', async () => {
        const epoch = await take()
        await commit(store, epoch, { keys: [{ type: 't', id: 'old', value: '1' }] })
        await commit(store, epoch, {
          creds: 'c',
          keys: [
            { type: 't', id: 'old', value: undefined },
            { type: 't', id: 'never', value: undefined },
            { type: 't', id: 'new', value: '2' },
            { type: 'u', id: 'new', value: '3' },
          ],
        })
        expect(await store.readCreds()).toBe('c')
        expect(await store.readKeys({ type: 't', ids: ['new', 'never', 'old'] })).toEqual([
          { id: 'new', value: '2' },
        ])
        expect(await store.readKeys({ type: 'u', ids: ['new'] })).toEqual([{ id: 'new', value: '3' }])
      })

      it('replace an earlier value, and an empty commit only proves the lease', async () => {
        const epoch = await take()
        await commit(store, epoch, { keys: [{ type: 't', id: '1', value: 'first' }] })
        await commit(store, epoch, { keys: [{ type: 't', id: '1', value: 'second' }] })
        expect(await commit(store, epoch, {})).toBe('written')
        expect(await store.readKeys({ type: 't', ids: ['1'] })).toEqual([{ id: '1', value: 'second' }])
      })

      it('come in byte order of their ids, each once', async () => {
        const epoch = await take()
        const ids = ['a', 'B', 'ä', '10', '9', '\u{1f600}', '\uff5e', '', 'a b']
        await commit(store, epoch, { keys: ids.map((id) => ({ type: 't', id, value: `value of ${id}` })) })
        const found = await store.readKeys({ type: 't', ids: [...ids, 'a', 'missing'] })
        expect(found.map(({ id }) => id)).toEqual([
          '',
          '10',
          '9',
          'B',
          'a',
          'a b',
          'ä',
          '\uff5e',
          '\u{1f600}',
        ])
        expect(await store.readKeys({ type: 't', ids: [] })).toEqual([])
      })

      it('keep every character, quotes, backslashes, braces and NUL included', async () => {
        const epoch = await take()
        const value = '{"a\\":\',NULL,\u0000\n\u{1f600}"}'
        await commit(store, epoch, { creds: value, keys: [{ type: 't"{},\\', id: 'i"{},\\', value }] })
        expect(await store.readCreds()).toBe(value)
        expect(await store.readKeys({ type: 't"{},\\', ids: ['i"{},\\'] })).toEqual([
          { id: 'i"{},\\', value },
        ])
      })

      it('are each session’s own', async () => {
        const epoch = await take()
        await commit(store, epoch, { creds: 'c', keys: [{ type: 't', id: '1', value: 'x' }] })
        const other = fixture.sessionStore(freshSession())
        expect(await other.readCreds()).toBeUndefined()
        expect(await other.readKeys({ type: 't', ids: ['1'] })).toEqual([])
      })

      it('survive a halt', async () => {
        const epoch = await take()
        await commit(store, epoch, { creds: 'c' })
        await store.haltSession({ epoch, cause: 'logged-out' })
        expect(await store.readCreds()).toBe('c')
      })
    })
  })
}
