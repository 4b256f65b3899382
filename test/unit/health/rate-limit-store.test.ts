/** Counting by client: windows end, and the number of clients remembered is bounded. */

import { expect, it } from 'vitest'
import { RateLimitStore } from '../../../src/health/rate-limit-store.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function storeOf(maxClients = 3): { store: RateLimitStore; clock: ManualClock } {
  const clock = new ManualClock()
  return { store: new RateLimitStore({ clock, windowMs: 1_000, maxClients }), clock }
}

it('counts each client for itself and begins anew after the window', async () => {
  const { store, clock } = storeOf()
  expect(
    [store.increment('a'), store.increment('a'), store.increment('b')].map((each) => each.totalHits),
  ).toEqual([1, 2, 1])
  await clock.advance(999)
  expect(store.get('a')?.totalHits).toBe(2)
  await clock.advance(1)
  expect(store.get('a')).toBeUndefined()
  expect(store.increment('a').totalHits).toBe(1)
})

it('says when the window ends', async () => {
  const { store, clock } = storeOf()
  const endMs = clock.nowMs() + 1_000
  store.increment('a')
  await clock.advance(400)
  expect(store.increment('a').resetTime?.getTime()).toBe(endMs)
})

it('forgets the oldest client beyond its bound, and those whose window is over first', async () => {
  const { store, clock } = storeOf()
  for (const client of ['a', 'b', 'c', 'd']) store.increment(client)
  expect([store.size(), store.get('a'), store.get('d')?.totalHits]).toEqual([3, undefined, 1])
  await clock.advance(1_000)
  store.increment('e')
  expect(store.size()).toBe(1)
})

it('takes a hit back, never below none', () => {
  const { store } = storeOf()
  store.increment('a')
  store.decrement('a')
  store.decrement('a')
  store.decrement('nobody')
  expect(store.increment('a').totalHits).toBe(1)
  store.resetKey('a')
  expect(store.get('a')).toBeUndefined()
})
