/** What every session store does with the lease and its attempt budget; session-data.contract.ts has the rest. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freshSession } from './store-fixture.ts'
import type { AttemptCharge, SessionStore } from '../../src/ports/session-store.ts'
import type { MakeFixture, StoreFixture } from './store-fixture.ts'

const NOW_MS = 1_700_000_000_000

/** Room for two attempts in a second. */
function charge(nowMs: number): AttemptCharge {
  return { nowMs, windowMs: 1000, maxAttempts: 2 }
}

export function describeSessionStore(name: string, makeFixture: MakeFixture): void {
  describe(`session store: ${name}`, () => {
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

    describe('lease', () => {
      it('is unknown before it was first taken', async () => {
        expect(await store.readLease()).toBeUndefined()
      })

      it('begins with epoch 1 and counter 0, and is read back', async () => {
        const taken = await store.takeLease({ owner: 'a', expected: undefined })
        expect(taken).toEqual({ owner: 'a', epoch: 1, counter: 0, isReleased: false, haltedBy: undefined })
        expect(await store.readLease()).toEqual(taken)
      })

      it('goes to exactly one of several first takers', async () => {
        const takers = ['a', 'b', 'c', 'd'].map((owner) =>
          fixture.sessionStore(sessionId).takeLease({ owner, expected: undefined }),
        )
        const taken = (await Promise.all(takers)).filter((lease) => lease !== undefined)
        expect(taken).toHaveLength(1)
        expect(await store.readLease()).toEqual(taken[0])
      })

      it('goes to exactly one of several takers who saw the same stamp', async () => {
        await take()
        const expected = { epoch: 1, counter: 0 }
        const takers = ['b', 'c', 'd', 'e'].map((owner) =>
          fixture.sessionStore(sessionId).takeLease({ owner, expected }),
        )
        const taken = (await Promise.all(takers)).filter((lease) => lease !== undefined)
        expect(taken.map((lease) => lease.epoch)).toEqual([2])
        expect(await store.readLease()).toEqual(taken[0])
      })

      it('is not taken when it was renewed meanwhile, nor as a first lease, nor when there is none', async () => {
        expect(await store.takeLease({ owner: 'b', expected: { epoch: 1, counter: 0 } })).toBeUndefined()
        const epoch = await take()
        await store.renewLease({ owner: 'a', epoch })
        expect(await store.takeLease({ owner: 'b', expected: { epoch, counter: 0 } })).toBeUndefined()
        expect(await store.takeLease({ owner: 'b', expected: undefined })).toBeUndefined()
        expect((await store.readLease())?.owner).toBe('a')
      })

      it('counts renewals and forgets the count when it is taken over', async () => {
        const epoch = await take()
        expect(await store.renewLease({ owner: 'a', epoch })).toMatchObject({ status: 'renewed', counter: 1 })
        expect(await store.renewLease({ owner: 'a', epoch })).toMatchObject({ status: 'renewed', counter: 2 })
        await take('b')
        expect(await store.readLease()).toMatchObject({ owner: 'b', epoch: epoch + 1, counter: 0 })
      })

      it('is lost to another owner, another epoch, after its release, and where there is none', async () => {
        expect(await store.renewLease({ owner: 'a', epoch: 1 })).toEqual({ status: 'lost' })
        const epoch = await take()
        expect(await store.renewLease({ owner: 'b', epoch })).toEqual({ status: 'lost' })
        expect(await store.renewLease({ owner: 'a', epoch: epoch - 1 })).toEqual({ status: 'lost' })
        await store.releaseLease({ owner: 'a', epoch })
        expect(await store.renewLease({ owner: 'a', epoch })).toEqual({ status: 'lost' })
      })

      it('is released by its holder alone, may be released twice, and is taken as it stands', async () => {
        const epoch = await take()
        expect(await store.releaseLease({ owner: 'b', epoch })).toBe(false)
        expect(await store.releaseLease({ owner: 'a', epoch: epoch + 1 })).toBe(false)
        expect((await store.readLease())?.isReleased).toBe(false)
        expect(await store.releaseLease({ owner: 'a', epoch })).toBe(true)
        expect(await store.releaseLease({ owner: 'a', epoch })).toBe(true)
        expect((await store.readLease())?.isReleased).toBe(true)
        await take('b')
        expect((await store.readLease())?.isReleased).toBe(false)
        expect(await store.releaseLease({ owner: 'a', epoch })).toBe(false)
      })

      it('carries a halt through renewals and takeovers', async () => {
        const epoch = await take()
        expect(await store.haltSession({ epoch: epoch + 1, cause: 'logged-out' })).toBe('stale-epoch')
        expect(await store.haltSession({ epoch, cause: 'logged-out' })).toBe('written')
        expect(await store.renewLease({ owner: 'a', epoch })).toMatchObject({ haltedBy: 'logged-out' })
        await take('b')
        expect(await store.readLease()).toMatchObject({ owner: 'b', haltedBy: 'logged-out' })
      })

      it('is its own in each session', async () => {
        await take()
        expect(await fixture.sessionStore(freshSession()).readLease()).toBeUndefined()
      })
    })

    describe('attempt budget', () => {
      it('is not touched by a plain renewal', async () => {
        const epoch = await take()
        await store.renewLease({ owner: 'a', epoch, charge: charge(NOW_MS) })
        const plain = await store.renewLease({ owner: 'a', epoch })
        expect(plain).toMatchObject({ isCharged: false, attemptTimesMs: [] })
        const next = await store.renewLease({ owner: 'a', epoch, charge: charge(NOW_MS + 1) })
        expect(next).toMatchObject({ isCharged: true, attemptTimesMs: [NOW_MS, NOW_MS + 1] })
      })

      it('has room for so many attempts in a window, and renews the lease when it is used up', async () => {
        const epoch = await take()
        await store.renewLease({ owner: 'a', epoch, charge: charge(NOW_MS) })
        await store.renewLease({ owner: 'a', epoch, charge: charge(NOW_MS + 999) })
        const refused = await store.renewLease({ owner: 'a', epoch, charge: charge(NOW_MS + 999) })
        expect(refused).toMatchObject({
          counter: 3,
          isCharged: false,
          attemptTimesMs: [NOW_MS, NOW_MS + 999],
        })
      })

      it('gets room again when an attempt is as old as the window', async () => {
        const epoch = await take()
        await store.renewLease({ owner: 'a', epoch, charge: charge(NOW_MS) })
        await store.renewLease({ owner: 'a', epoch, charge: charge(NOW_MS + 10) })
        const charged = await store.renewLease({ owner: 'a', epoch, charge: charge(NOW_MS + 1000) })
        expect(charged).toMatchObject({ isCharged: true, attemptTimesMs: [NOW_MS + 10, NOW_MS + 1000] })
      })

      it('counts attempts from the future as made now', async () => {
        const epoch = await take()
        await store.renewLease({ owner: 'a', epoch, charge: charge(NOW_MS + 3_600_000) })
        const early = await store.renewLease({ owner: 'a', epoch, charge: charge(NOW_MS) })
        expect(early).toMatchObject({ isCharged: true, attemptTimesMs: [NOW_MS, NOW_MS] })
        const later = await store.renewLease({ owner: 'a', epoch, charge: charge(NOW_MS + 1000) })
        expect(later).toMatchObject({ isCharged: true, attemptTimesMs: [NOW_MS + 1000] })
      })

      it('outlives a takeover', async () => {
        const epoch = await take()
        await store.renewLease({ owner: 'a', epoch, charge: charge(NOW_MS) })
        const next = await take('b')
        const charged = await store.renewLease({ owner: 'b', epoch: next, charge: charge(NOW_MS + 1) })
        expect(charged).toMatchObject({ isCharged: true, attemptTimesMs: [NOW_MS, NOW_MS + 1] })
      })

      it('charges concurrent renewals one after the other', async () => {
        const epoch = await take()
        const renewals = Array.from({ length: 6 }, () =>
          fixture.sessionStore(sessionId).renewLease({ owner: 'a', epoch, charge: charge(NOW_MS) }),
        )
        const charged = (await Promise.all(renewals)).filter(
          (one) => one.status === 'renewed' && one.isCharged,
        )
        expect(charged).toHaveLength(2)
        expect((await store.readLease())?.counter).toBe(6)
      })
    })
  })
}
