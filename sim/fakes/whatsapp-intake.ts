/**
 * What came for the bot and is not handled yet, taken one after another as Baileys' message mutex does: the
 * bot's accept() awaited and the step committed, then the acknowledgement. The surprise: one accept() or key
 * write that hangs makes everything behind it wait, without bound (measured: 6,000 messages of 1 kB, 86 MB).
 */

import { AssertionError } from 'node:assert'
import type { InboundMessage } from '../../src/ports/whatsapp-socket.ts'
import type { Ciphertext } from './whatsapp-connection.ts'
import { MAX_RETRY_RECEIPTS } from './whatsapp-rules.ts'
import type { Decryption } from './whatsapp-session-keys.ts'
import type { UndecryptableReason } from './whatsapp-ratchet.ts'

export interface IntakeOptions {
  decrypt(cipher: Ciphertext, accept: () => Promise<void>): Promise<Decryption>
  accept(message: InboundMessage): Promise<void>
  acknowledge(cipher: Ciphertext): void
  requestRetry(cipher: Ciphertext, reason: UndecryptableReason): void
  giveUp(cipher: Ciphertext, reason: UndecryptableReason): void
  onProbeReply(questionId: number): void
}

type Arrival =
  { readonly cipher: Ciphertext; readonly kind: InboundMessage['kind'] } | { readonly probeReply: number }

export class Intake {
  readonly #options: IntakeOptions
  readonly #queue: Arrival[] = []
  #isRunning = false

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /** Waiting, without the one being handled. */
  get length(): number {
    return this.#queue.length
  }

  push(arrival: Arrival): void {
    this.#queue.push(arrival)
    if (!this.#isRunning) void this.#run()
  }

  /** What still waits is dropped; what is being handled goes on. */
  clear(): void {
    this.#queue.length = 0
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    for (let arrival = this.#queue.shift(); arrival !== undefined; arrival = this.#queue.shift()) {
      if ('probeReply' in arrival) this.#options.onProbeReply(arrival.probeReply)
      else await this.#handle(arrival.cipher, arrival.kind)
    }
    this.#isRunning = false
  }

  async #handle(cipher: Ciphertext, kind: InboundMessage['kind']): Promise<void> {
    try {
      const decryption = await this.#options.decrypt(cipher, () =>
        this.#options.accept(inboundMessage(cipher, kind)),
      )
      if (decryption === 'abandoned') return
      if (decryption === 'decrypted') this.#options.acknowledge(cipher)
      else if (cipher.retryCount < MAX_RETRY_RECEIPTS) this.#options.requestRetry(cipher, decryption.reason)
      else this.#options.giveUp(cipher, decryption.reason)
    } catch (error) {
      // A step that could not be committed, or a message the bot did not take: it stays unacknowledged.
      if (error instanceof AssertionError) throw error
    }
  }
}

export function inboundMessage(cipher: Ciphertext, kind: InboundMessage['kind']): InboundMessage {
  const { id, chat, participant, isFromMe, sentAtMs, text } = cipher
  return { id, chat, participant, isFromMe, sentAtMs, text, kind }
}
