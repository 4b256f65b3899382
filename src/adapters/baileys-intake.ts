/**
 * Takes messages in, one at a time and in the order in which they came. Sees each message stanza before Baileys does
 * and remembers it by its ciphertext; when the Signal repository has that ciphertext decrypted, the bot is asked to
 * accept, and only if it does are the ratchet step committed and receipt and acknowledgement sent. Baileys' own
 * `messages.upsert` is not listened to: it is said after the acknowledgement, in batches, and mixes in messages that
 * nobody proved.
 * Surprising: a message that is not accepted ends the connection, since nothing else keeps Baileys from
 * acknowledging it, with an error, for which the server drops it all the same. And Baileys would begin each message
 * at once, asking the store about its sender before it lines up, and replayed ones in a line of their own: so they
 * overtake each other when the store is slow or comes back, and a group's message comes before the one with its key.
 */

import type { BinaryNode } from '@whiskeysockets/baileys'
import { AppError, errorCodeOf } from '../errors.ts'
import type { InboundMessage } from '../ports/whatsapp-socket.ts'
import { Backpressure } from './baileys-backpressure.ts'
import { outsideTransactions } from './baileys-context.ts'
import { inboundMessagesOf } from './baileys-inbound.ts'
import type { OwnIdentity } from './baileys-inbound.ts'

export interface IntakeDeps {
  readonly maxWaitingMessages: number
  me(): OwnIdentity | undefined
  isAlive(): boolean
  accept(message: InboundMessage): Promise<void>
  /** Ends the connection before this returns: nothing may be sent any more. */
  refuse(reason: string): void
  pause(): void
  resume(): void
}

export class BaileysIntake {
  readonly #deps: IntakeDeps
  readonly #backpressure: Backpressure
  readonly #arrivals = new WeakMap<Uint8Array, BinaryNode>()
  #lastTurn: Promise<unknown> = Promise.resolve()

  constructor(deps: IntakeDeps) {
    this.#deps = deps
    this.#backpressure = new Backpressure({
      maxWaiting: deps.maxWaitingMessages,
      pause: () => deps.pause(),
      resume: () => deps.resume(),
    })
  }

  /**
   * Has Baileys handle a message stanza when those before it are handled, or not at all when the connection has
   * ended by then: the server still has it. Rejects as `handle` does.
   */
  arrived(stanza: BinaryNode, handle: (stanza: BinaryNode) => Promise<unknown>): Promise<void> {
    for (const ciphertext of ciphertextsOf(stanza)) this.#arrivals.set(ciphertext, stanza)
    this.#backpressure.arrived()
    return this.#inTurn(async () => {
      try {
        if (this.#deps.isAlive()) await handle(withoutLine(stanza))
      } finally {
        this.#backpressure.ended()
      }
    })
  }

  /** Resolves when everything that has arrived so far is handled. */
  idle(): Promise<void> {
    return this.#inTurn(() => Promise.resolve())
  }

  /** For what the server must be asked before a message can be handled. */
  whileAsking<T>(question: () => Promise<T>): Promise<T> {
    return this.#backpressure.whileAsking(question)
  }

  /** @throws AppError when the bot did not accept, or the connection ended meanwhile. */
  async decrypted(ciphertext: Uint8Array, plaintext: Uint8Array): Promise<void> {
    this.#assertAlive()
    const stanza = this.#arrivals.get(ciphertext)
    const me = this.#deps.me()
    if (stanza === undefined || me === undefined) return
    for (const message of inboundMessagesOf(stanza, plaintext, me)) await this.#accept(message)
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#lastTurn.then(work)
    this.#lastTurn = turn.catch(() => undefined)
    return turn
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

/** Replayed messages carry a mark by which Baileys puts them into a line of their own; the contents stay the same. */
function withoutLine(stanza: BinaryNode): BinaryNode {
  const { offline: _mark, ...attrs } = stanza.attrs
  return { ...stanza, attrs }
}

function ciphertextsOf(stanza: BinaryNode): Uint8Array[] {
  if (!Array.isArray(stanza.content)) return []
  return stanza.content.flatMap(({ tag, content }) =>
    tag === 'enc' && content instanceof Uint8Array ? [content] : [],
  )
}
