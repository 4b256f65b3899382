/**
 * Counts requests by client for express-rate-limit, in fixed windows. The library's own store has a timer and
 * no bound; this one has no timer, and forgets the client whose window began first when it is full.
 */

import type { ClientRateLimitInfo, Store } from 'express-rate-limit'
import type { Clock } from '../ports/clock.ts'

interface Window {
  hits: number
  readonly endsAtMs: number
}

export class RateLimitStore implements Store {
  readonly localKeys = true
  readonly #clock: Clock
  readonly #windowMs: number
  readonly #maxClients: number
  /** In the order in which their windows began, and so end. */
  readonly #windows = new Map<string, Window>()

  constructor(options: { readonly clock: Clock; readonly windowMs: number; readonly maxClients: number }) {
    this.#clock = options.clock
    this.#windowMs = options.windowMs
    this.#maxClients = options.maxClients
  }

  get(client: string): ClientRateLimitInfo | undefined {
    const window = this.#windows.get(client)
    return window === undefined || window.endsAtMs <= this.#clock.monotonicMs()
      ? undefined
      : this.#info(window)
  }

  increment(client: string): ClientRateLimitInfo {
    const nowMs = this.#clock.monotonicMs()
    let window = this.#windows.get(client)
    if (window === undefined || window.endsAtMs <= nowMs) {
      this.#windows.delete(client)
      this.#makeRoom(nowMs)
      window = { hits: 0, endsAtMs: nowMs + this.#windowMs }
      this.#windows.set(client, window)
    }
    window.hits += 1
    return this.#info(window)
  }

  decrement(client: string): void {
    const window = this.#windows.get(client)
    if (window !== undefined && window.hits > 0) window.hits -= 1
  }

  resetKey(client: string): void {
    this.#windows.delete(client)
  }

  size(): number {
    return this.#windows.size
  }

  #makeRoom(nowMs: number): void {
    for (const [client, { endsAtMs }] of this.#windows) {
      if (endsAtMs > nowMs && this.#windows.size < this.#maxClients) return
      this.#windows.delete(client)
    }
  }

  #info({ hits, endsAtMs }: Window): ClientRateLimitInfo {
    const remainingMs = endsAtMs - this.#clock.monotonicMs()
    return { totalHits: hits, resetTime: new Date(this.#clock.nowMs() + remainingMs) }
  }
}
