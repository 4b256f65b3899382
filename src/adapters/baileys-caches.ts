/**
 * The caches that Baileys lets us replace, each with a bound: Baileys' own forget by time alone, so a busy hour
 * or a hostile contact grows them without limit. They outlive a connection, as the counts of retries must.
 * On reaching its bound a cache forgets what was not used for longest.
 */

import type { Clock } from '../ports/clock.ts'
import type { Reclaimer } from '../ports/reclaimer.ts'

export interface CacheBound {
  /** Largest sum of weights; an entry weighs 1 unless `weigh` says otherwise. */
  readonly maxWeight: number
  /** Counted from the entry's last write. */
  readonly ttlMs: number
  readonly weigh?: (value: unknown) => number
}

interface Entry {
  readonly value: unknown
  readonly weight: number
  readonly untilMs: number
}

/** Method names are those of Baileys' `CacheStore`, and of the LRU cache inside its LID mapping. */
export class BoundedCache {
  readonly #clock: Clock
  readonly #bound: CacheBound
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>()
  #weight = 0

  constructor(clock: Clock, bound: CacheBound) {
    this.#clock = clock
    this.#bound = bound
  }

  get size(): number {
    return this.#entries.size
  }

  /** Whoever reads a key knows the type it wrote there; the signature is Baileys'. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  get<T>(key: string): T | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.del(key)
    if (entry.untilMs <= this.#clock.monotonicMs()) return undefined
    this.#put(key, entry)
    return entry.value as T
  }

  set(key: string, value: unknown): void {
    this.del(key)
    const weight = this.#bound.weigh?.(value) ?? 1
    if (weight > this.#bound.maxWeight) return
    this.#put(key, { value, weight, untilMs: this.#clock.monotonicMs() + this.#bound.ttlMs })
    for (const [oldest] of this.#entries) {
      if (this.#weight <= this.#bound.maxWeight) break
      this.del(oldest)
    }
  }

  del(key: string): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0
    this.#entries.delete(key)
  }

  delete(key: string): void {
    this.del(key)
  }

  clear(): void {
    this.#entries.clear()
    this.#weight = 0
  }

  flushAll(): void {
    this.clear()
  }

  #put(key: string, entry: Entry): void {
    this.#entries.set(key, entry)
    this.#weight += entry.weight
  }
}

export interface BaileysCaches {
  /** How often a message was asked for again, by message and sender. */
  readonly retryCounters: BoundedCache
  /** Devices of each user: what a send would else ask the server for. */
  readonly userDevices: BoundedCache
  readonly callOffers: BoundedCache
  /** Messages asked for at our own phone. */
  readonly placeholderResends: BoundedCache
  /** Phone numbers and LIDs of the same users. */
  readonly lidMappings: BoundedCache
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Times are Baileys' own; the bounds are some hundred kB each. */
export function createBaileysCaches(clock: Clock): BaileysCaches {
  return {
    retryCounters: new BoundedCache(clock, { maxWeight: 2_000, ttlMs: HOUR_MS }),
    userDevices: new BoundedCache(clock, { maxWeight: 2_000, ttlMs: 5 * MINUTE_MS }),
    callOffers: new BoundedCache(clock, { maxWeight: 100, ttlMs: 5 * MINUTE_MS }),
    placeholderResends: new BoundedCache(clock, { maxWeight: 500, ttlMs: HOUR_MS }),
    lidMappings: new BoundedCache(clock, { maxWeight: 10_000, ttlMs: 72 * HOUR_MS }),
  }
}

/** What costs a question to the server, or to the database, to have again; the counters of retries stay. */
export function cacheReclaimer(caches: BaileysCaches, groups: { clear(): void }): Reclaimer {
  return {
    name: 'whatsapp-caches',
    cost: 10,
    reclaim: () => {
      caches.userDevices.clear()
      caches.callOffers.clear()
      caches.lidMappings.clear()
      groups.clear()
    },
  }
}
