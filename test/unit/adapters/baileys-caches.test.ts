/** The bounded caches that stand in for Baileys' unbounded ones. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BoundedCache, cacheReclaimer, createBaileysCaches } from '../../../src/adapters/baileys-caches.ts'
import { ManualClock } from '../../support/manual-clock.ts'

describe('BoundedCache', () => {
  it('forgets what was not used for longest', () => {
    const cache = new BoundedCache(new ManualClock(), { maxWeight: 2, ttlMs: 1000 })
    cache.set('a', 1)
    cache.set('b', 2)
    cache.get('a')
    cache.set('c', 3)
    expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([1, undefined, 3])
  })

  it('forgets by time, counted from the last write', async () => {
    const clock = new ManualClock()
    const cache = new BoundedCache(clock, { maxWeight: 2, ttlMs: 1000 })
    cache.set('a', 1)
    await clock.advance(999)
    expect(cache.get('a')).toBe(1)
    await clock.advance(1)
    expect(cache.get('a')).toBeUndefined()
    expect(cache.size).toBe(0)
  })

  it('does not keep what alone exceeds the bound', () => {
    const cache = new BoundedCache(new ManualClock(), { maxWeight: 3, ttlMs: 1000, weigh: Number })
    cache.set('small', 2)
    cache.set('huge', 4)
    expect([cache.get('small'), cache.get('huge')]).toEqual([2, undefined])
  })

  it('never exceeds its weight, whatever is done to it', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      weight: fc.integer({ min: 0, max: 12 }),
      kind: fc.constantFrom('set', 'get', 'del'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = new BoundedCache(new ManualClock(), { maxWeight: 10, ttlMs: 1000, weigh: Number })
        for (const { key, weight, kind } of steps) {
          if (kind === 'set') cache.set(key, weight)
          else if (kind === 'get') cache.get(key)
          else cache.del(key)
          const weights = ['a', 'b', 'c', 'd', 'e'].map((each) => cache.get<number>(each) ?? 0)
          expect(weights.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(10)
          const isKept = kind !== 'set' || cache.get(key) === (weight <= 10 ? weight : undefined)
          expect(isKept).toBe(true)
        }
      }),
    )
  })
})

describe('createBaileysCaches', () => {
  it('bounds every cache', () => {
    const caches = createBaileysCaches(new ManualClock())
    for (const cache of Object.values(caches)) {
      for (let index = 0; index < 12_000; index += 1) cache.set(`key-${index}`, index)
      expect(cache.size).toBeLessThanOrEqual(10_000)
    }
  })

  it('gives up what can be had again, and keeps the counters of retries', () => {
    const caches = createBaileysCaches(new ManualClock())
    for (const cache of Object.values(caches)) cache.set('key', 1)
    let cleared = 0
    void cacheReclaimer(caches, { clear: () => (cleared += 1) }).reclaim()
    const kept = Object.entries(caches).filter(([, cache]) => cache.size > 0)
    expect(kept.map(([name]) => name)).toEqual(['retryCounters', 'placeholderResends'])
    expect(cleared).toBe(1)
  })
})
