/**
 * The phone that owns the bot's account: each copy of what the bot sends, and each question that goes to the phone,
 * it answers with a receipt, which is how a linked device learns that its phone is there. Switched off it answers
 * nothing, and once for all when it is on again. Surprising: what it says while the bot is away waits as messages do,
 * but only the newest, because only that one's time counts.
 */

import { WORLD_EPOCH_MS } from '../world/dyno-clock.ts'
import type { PrngStream } from '../world/prng.ts'
import type { Scheduler } from '../world/scheduler.ts'
import type { WhatsappConnection } from './whatsapp-connection.ts'
import type { WhatsappFaults } from './whatsapp-faults.ts'
import { LATENCY_MS, drawMs } from './whatsapp-rules.ts'

export interface PhoneOptions {
  readonly scheduler: Scheduler
  /** Its own, so that the traffic's draws are what they are without it. */
  readonly stream: PrngStream
  readonly faults: WhatsappFaults
  /** The connection on which messages flow now. */
  active(): WhatsappConnection | undefined
}

export class Phone {
  readonly #options: PhoneOptions
  /** Something has come while it was off. */
  #isOwing = false
  /** World ms of its newest receipt that waits for a connection. */
  #waitingFromMs: number | undefined

  constructor(options: PhoneOptions) {
    this.#options = options
  }

  /** Something of the bot's has come to it. */
  receive(): void {
    const { faults, scheduler, stream } = this.#options
    if (faults.isPhoneOff) {
      faults.strike('phone-off')
      this.#isOwing = true
      return
    }
    scheduler.schedule('wa.phone', drawMs(stream, LATENCY_MS.phoneAnswer), () => this.#answer())
  }

  /** Its owner has it on the net again. */
  turnedOn(): void {
    if (!this.#isOwing) return
    this.#isOwing = false
    this.receive()
  }

  /** What waited, on a connection that has just become active. */
  replay(connection: WhatsappConnection): void {
    const atMs = this.#waitingFromMs
    this.#waitingFromMs = undefined
    if (atMs !== undefined) this.#send(connection, atMs)
  }

  #answer(): void {
    const { scheduler } = this.#options
    const connection = this.#options.active()
    if (connection?.isDeaf === true) this.#options.faults.strike('deaf')
    if (connection === undefined || connection.isDeaf) this.#waitingFromMs = scheduler.nowMs
    else this.#send(connection, scheduler.nowMs)
  }

  #send(connection: WhatsappConnection, atMs: number): void {
    // WhatsApp's timestamps are whole seconds.
    const saidAtMs = Math.floor((WORLD_EPOCH_MS + atMs) / 1_000) * 1_000
    const latencyMs = drawMs(this.#options.stream, LATENCY_MS.oneWay)
    connection.toClient.send(latencyMs, () => connection.client.onPhoneReceipt(saidAtMs))
  }
}
