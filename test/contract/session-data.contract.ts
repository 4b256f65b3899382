/** What every session store does with credentials and keys, whatever it is made of. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CREDS_HISTORY_VERSIONS } from '../../src/ports/session-store.ts'
import { freshSession } from './store-fixture.ts'
import type { CommitOutcome, KeyChange, SessionCommit, SessionStore } from '../../src/ports/session-store.ts'
import type { MakeFixture, StoreFixture } from './store-fixture.ts'

const NOW_MS = 1_700_000_000_000

let commits = 0

/** The next write, unless the test gives a sequence. */
function commit(store: SessionStore, epoch: number, parts: Partial<SessionCommit>): Promise<CommitOutcome> {
  return store.commit({ epoch, sequence: ++commits, nowMs: NOW_MS, ...parts })
}

function twoKeys(one: string | undefined, other: string | undefined): readonly KeyChange[] {
  return [
    { type: 't', id: 'one', value: one },
    { type: 't', id: 'other', value: other },
  ]
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

      it('are written once, however often a write is repeated, and the answer is the same', async () => {
        const epoch = await take()
        const first = { sequence: 1, creds: 'one', keys: [{ type: 't', id: '1', value: 'one' }] }
        expect(await commit(store, epoch, first)).toBe('written')
        // What another value under the same sequence would change shows that a repeated write changes nothing.
        const again = { sequence: 1, creds: 'two', keys: [{ type: 't', id: '1', value: 'two' }] }
        expect(await commit(fixture.sessionStore(sessionId), epoch, again)).toBe('written')
        expect(await store.readCreds()).toBe('one')
        expect(await store.readKeys({ type: 't', ids: ['1'] })).toEqual([{ id: '1', value: 'one' }])
      })

      it('are not touched by a write that comes after a newer one of its epoch', async () => {
        const epoch = await take()
        await commit(store, epoch, { sequence: 1, creds: 'first', keys: twoKeys('first', undefined) })
        expect(
          await commit(store, epoch, { sequence: 9, creds: 'newer', keys: twoKeys(undefined, 'newer') }),
        ).toBe('written')
        const late = { creds: 'late', keys: twoKeys('late', undefined) }
        expect(await commit(store, epoch, { sequence: 8, ...late })).toBe('superseded')
        expect(await store.readCreds()).toBe('newer')
        expect(await store.readKeys({ type: 't', ids: ['one', 'other'] })).toEqual([
          { id: 'other', value: 'newer' },
        ])
      })

      it('begin their order anew with each epoch, and an old epoch stays refused whatever its order', async () => {
        const old = await take()
        await commit(store, old, { sequence: 50, creds: 'old' })
        const epoch = await take('b')
        expect(await commit(store, old, { sequence: 51, creds: 'stale' })).toBe('stale-epoch')
        expect(await commit(store, epoch, { sequence: 1, creds: 'new' })).toBe('written')
        expect(await store.readCreds()).toBe('new')
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

      it('tell of their versions, newest first, with the time of each', async () => {
        expect(await store.readCredsHistory()).toEqual([])
        const epoch = await take()
        for (const nowMs of [1, 2, 3, 4, 5, 6, 7, 8])
          await commit(store, epoch, { creds: `of ${nowMs}`, nowMs })
        const versions = await fixture.sessionStore(sessionId).readCredsHistory()
        expect(versions.map(({ value }) => value)).toEqual(['of 8', 'of 7', 'of 6', 'of 5', 'of 4', 'of 3'])
        expect(versions[0]).toEqual({ version: 8, writtenAtMs: 8, value: 'of 8', problem: undefined })
      })

      it('know the largest id of a type that is a number', async () => {
        expect(await store.readHighestKeyId({ type: 'pre-key' })).toBeUndefined()
        const epoch = await take()
        const ids = ['9', '10', '1a', '', '-99', '0099999999999999999999']
        await commit(store, epoch, {
          keys: [
            ...ids.map((id) => ({ type: 'pre-key', id, value: 'x' })),
            { type: 'other', id: '77', value: 'x' },
          ],
        })
        expect(await store.readHighestKeyId({ type: 'pre-key' })).toBe(10)
        expect(await store.readHighestKeyId({ type: 'none' })).toBeUndefined()
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
