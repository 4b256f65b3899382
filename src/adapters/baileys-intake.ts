/**
 * Takes messages in. Sees each message stanza before Baileys does and remembers it by its ciphertext; when the
 * Signal repository has that ciphertext decrypted, the bot is asked to accept, and only if it does are the
 * ratchet step committed and receipt and acknowledgement sent. Baileys' own `messages.upsert` is not listened to:
 * it is said after the acknowledgement, in batches, and mixes in messages that nobody proved.
 * Surprising: a message that is not accepted ends the connection, since nothing else keeps Baileys from
 * acknowledging it, with an error, for which the server drops it all the same.
 */

import type { BinaryNode } from '@whiskeysockets/baileys'
import { AppError, errorCodeOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { InboundMessage } from '../ports/whatsapp-socket.ts'
import { Backpressure } from './baileys-backpressure.ts'
import type { Ticket } from './baileys-backpressure.ts'
import { outsideTransactions } from './baileys-context.ts'
import { inboundMessagesOf } from './baileys-inbound.ts'
import type { OwnIdentity } from './baileys-inbound.ts'

export interface IntakeDeps {
  readonly clock: Clock
  readonly maxWaitingMessages: number
  me(): OwnIdentity | undefined
  isAlive(): boolean
  accept(message: InboundMessage): Promise<void>
  /** Ends the connection before this returns: nothing may be sent any more. */
  refuse(reason: string): void
  pause(): void
  resume(): void
}

interface Arrival {
  readonly stanza: BinaryNode
  readonly ticket: Ticket
}

export class BaileysIntake {
  readonly #deps: IntakeDeps
  readonly #backpressure: Backpressure
  readonly #arrivals = new WeakMap<Uint8Array, Arrival>()

  constructor(deps: IntakeDeps) {
    this.#deps = deps
    this.#backpressure = new Backpressure({
      clock: deps.clock,
      maxWaiting: deps.maxWaitingMessages,
      pause: () => deps.pause(),
      resume: () => deps.resume(),
    })
  }

  /** To be called before Baileys hears of the stanza. */
  arrived(stanza: BinaryNode): void {
    const ciphertexts = ciphertextsOf(stanza)
    if (ciphertexts.length === 0) return
    const ticket = this.#backpressure.arrived(stanza.attrs['offline'] === undefined ? 'online' : 'offline')
    for (const ciphertext of ciphertexts) this.#arrivals.set(ciphertext, { stanza, ticket })
  }

  /** Runs a decryption; only while it runs does its ciphertext count as being handled. */
  async whileHandling<T>(ciphertext: Uint8Array, work: () => Promise<T>): Promise<T> {
    const arrival = this.#arrivals.get(ciphertext)
    if (arrival === undefined) return work()
    this.#backpressure.begun()
    try {
      return await work()
    } finally {
      this.#backpressure.ended(arrival.ticket)
    }
  }

  /** @throws AppError when the bot did not accept, or the connection ended meanwhile. */
  async decrypted(ciphertext: Uint8Array, plaintext: Uint8Array): Promise<void> {
    this.#assertAlive()
    const arrival = this.#arrivals.get(ciphertext)
    const me = this.#deps.me()
    if (arrival === undefined || me === undefined) return
    for (const message of inboundMessagesOf(arrival.stanza, plaintext, me)) await this.#accept(message)
  }

  stop(): void {
    this.#backpressure.stop()
  }

  async #accept(message: InboundMessage): Promise<void> {
    try {
      await outsideTransactions(() => this.#deps.accept(message))
    } catch (error) {
      const code = errorCodeOf(error) ?? 'unknown'
      this.#deps.refuse(`message not accepted (${code})`)
      throw new AppError('aborted', 'the message was not accepted', { cause: error })
    }
    this.#assertAlive()
  }

  #assertAlive(): void {
    if (!this.#deps.isAlive()) throw new AppError('socket-closed', 'the connection ended')
  }
}

function ciphertextsOf(stanza: BinaryNode): Uint8Array[] {
  if (!Array.isArray(stanza.content)) return []
  return stanza.content.flatMap(({ tag, content }) =>
    tag === 'enc' && content instanceof Uint8Array ? [content] : [],
  )
}
