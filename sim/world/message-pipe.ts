/**
 * One direction of the channel between two processes of a virtual dyno: messages arrive in the order they
 * were sent, each a drawn moment later. What was sent before its sender died still arrives, as on a real pipe.
 */

import type { PrngStream } from './prng.ts'
import type { Scheduler } from './scheduler.ts'

export interface MessagePipeOptions {
  readonly scheduler: Scheduler
  readonly stream: PrngStream
  /** The longest further delay that a fault causes now, ms; 0 normally. */
  extraMs(): number
}

/** From one process to another on one machine, ms. */
const LATENCY_MS = { low: 0, high: 2 }

export class MessagePipe {
  readonly #options: MessagePipeOptions
  #lastAtMs = 0

  constructor(options: MessagePipeOptions) {
    this.#options = options
  }

  /** Calls back when what is sent now has arrived. */
  send(arrive: () => void): void {
    const { scheduler, stream } = this.#options
    const extraMs = this.#options.extraMs()
    const delayMs =
      stream.integer(LATENCY_MS.low, LATENCY_MS.high) + (extraMs > 0 ? stream.integer(0, extraMs) : 0)
    this.#lastAtMs = Math.max(this.#lastAtMs, scheduler.nowMs + delayMs)
    scheduler.schedule('ipc', this.#lastAtMs - scheduler.nowMs, arrive)
  }
}
