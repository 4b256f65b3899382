/**
 * How many messages may wait inside Baileys, whose queues have no bound: with key writes that hang, 6,000
 * messages of 1 kB took 86 MB. Beyond the bound the transport is read no further until half of them are handled;
 * TCP then makes the server wait. Surprising: reading stops for pongs, too, so a pause that lasts ends the
 * connection by its own keep-alive, which is right: nothing gets through.
 */

import type { Clock, Timer } from '../ports/clock.ts'

export interface BackpressureDeps {
  readonly clock: Clock
  readonly maxWaiting: number
  pause(): void
  resume(): void
}

/** Baileys handles replayed messages and fresh ones in two lanes, each in order. */
export type Lane = 'offline' | 'online'

export interface Ticket {
  readonly lane: Lane
  readonly number: number
}

/** Some stanzas are dropped without a word; when nothing moves any more, they do not count. */
const IDLE_CHECK_MS = 250

export class Backpressure {
  readonly #deps: BackpressureDeps
  readonly #arrived: Record<Lane, number> = { offline: 0, online: 0 }
  readonly #handled: Record<Lane, number> = { offline: 0, online: 0 }
  #inHand = 0
  #idleTimer: Timer | undefined

  constructor(deps: BackpressureDeps) {
    this.#deps = deps
  }

  get waiting(): number {
    return this.#arrived.offline - this.#handled.offline + this.#arrived.online - this.#handled.online
  }

  get isPaused(): boolean {
    return this.#idleTimer !== undefined
  }

  arrived(lane: Lane): Ticket {
    this.#arrived[lane] += 1
    if (!this.isPaused && this.waiting > this.#deps.maxWaiting) {
      this.#deps.pause()
      this.#watchIdleness()
    }
    return { lane, number: this.#arrived[lane] }
  }

  begun(): void {
    this.#inHand += 1
  }

  /** Everything before it in its lane is handled, too. */
  ended(ticket: Ticket): void {
    this.#inHand -= 1
    this.#handled[ticket.lane] = Math.max(this.#handled[ticket.lane], ticket.number)
    if (this.isPaused && this.waiting <= this.#deps.maxWaiting / 2) this.#resume()
  }

  stop(): void {
    this.#idleTimer?.cancel()
    this.#idleTimer = undefined
  }

  #watchIdleness(): void {
    const handledBefore = this.#handledInAll()
    this.#idleTimer = this.#deps.clock.setTimer('whatsapp.intake-idle', IDLE_CHECK_MS, () => {
      const isIdle = this.#inHand === 0 && handledBefore === this.#handledInAll()
      if (!isIdle) return this.#watchIdleness()
      Object.assign(this.#handled, this.#arrived)
      this.#resume()
    })
  }

  #handledInAll(): number {
    return this.#handled.offline + this.#handled.online
  }

  #resume(): void {
    this.stop()
    this.#deps.resume()
  }
}
