/**
 * The bot's side of its ratchets, as a WhatsApp library works them: reads a chat's record from the auth
 * state, makes one step, writes it back; one step at a time per chat. Which comes first, the committed step
 * or the ciphertext on the wire, is what the two adapters differ in: `plain` is Baileys as it comes (measured:
 * the ciphertext leaves inside the transaction, the commit follows), `sound` is what the bot's adapter does.
 */

import { Buffer } from 'node:buffer'
import type { AuthState, SignalKeyChanges } from '../../src/ports/whatsapp-socket.ts'
import type { SecureRandom } from '../../src/ports/secure-random.ts'
import type { Ciphertext } from './whatsapp-connection.ts'
import { parseRecord, receiveStep, recordType, sendStep } from './whatsapp-ratchet.ts'
import type { SendStep, SessionRecord, UndecryptableReason } from './whatsapp-ratchet.ts'

export type AdapterKind = 'sound' | 'plain'

/** `abandoned`: the socket ended before the step was made; nothing was read or written for it. */
export type Decryption = 'decrypted' | 'abandoned' | { readonly reason: UndecryptableReason }

const ROOT_BYTES = 64
/** A fortnight's chats make ten thousand chains each: of four bytes, two would soon have the same name. */
const CHAIN_BYTES = 8

export class SessionKeys {
  readonly #keys: AuthState['keys']
  readonly #secureRandom: SecureRandom
  readonly #adapter: AdapterKind
  readonly #isEnded: () => boolean
  /** Who waits for a chat's record; an entry means that it is taken. */
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor(options: {
    readonly keys: AuthState['keys']
    readonly secureRandom: SecureRandom
    readonly adapter: AdapterKind
    isEnded(): boolean
  }) {
    this.#keys = options.keys
    this.#secureRandom = options.secureRandom
    this.#adapter = options.adapter
    this.#isEnded = () => options.isEnded()
  }

  /**
   * Resolves when the step is committed and the bot has accepted; which comes first is the adapter's choice.
   * Rejects as the auth state or `accept` does; then nothing is acknowledged.
   */
  async decrypt(cipher: Ciphertext, accept: () => Promise<void>): Promise<Decryption> {
    const { chat } = cipher
    if (this.#waiting.has(chat)) await this.#turn(chat)
    else this.#waiting.set(chat, [])
    try {
      return await this.#decryptNow(cipher, accept)
    } finally {
      this.#next(chat)
    }
  }

  /**
   * Makes the chat's next send step; `transmit` writes the ciphertext, at the adapter's moment. Rejects as
   * the auth state does, or with what `transmit` throws.
   */
  async encrypt(chat: string, transmit: (step: SendStep) => void): Promise<void> {
    if (this.#waiting.has(chat)) await this.#turn(chat)
    else this.#waiting.set(chat, [])
    try {
      await this.#encryptNow(chat, transmit)
    } finally {
      this.#next(chat)
    }
  }

  async #decryptNow(cipher: Ciphertext, accept: () => Promise<void>): Promise<Decryption> {
    const { chat, preKeyId } = cipher
    const type = recordType(chat)
    const record = parseRecord((await this.#keys.get(type, [chat]))[chat])
    if (record === 'broken') return { reason: 'broken-record' }
    const reception = receiveStep(record, cipher, this.#freshRoot)
    if (reception.status === 'undecryptable') return { reason: reception.reason }
    const isFirstUse = preKeyId !== undefined && preKeyId !== record?.preKeyId
    if (isFirstUse && !(await this.#hasPreKey(preKeyId))) return { reason: 'no-pre-key' }
    if (this.#isEnded()) return 'abandoned'
    const stepped: SessionRecord = isFirstUse ? { ...reception.record, preKeyId } : reception.record
    const changes: SignalKeyChanges = isFirstUse
      ? { [type]: { [chat]: stepped }, 'pre-key': { [String(preKeyId)]: null } }
      : { [type]: { [chat]: stepped } }
    switch (this.#adapter) {
      case 'sound':
        await accept()
        if (this.#isEnded()) return 'abandoned'
        await this.#keys.set(changes)
        return 'decrypted'
      case 'plain':
        await this.#keys.set(changes)
        await accept()
        return 'decrypted'
    }
  }

  async #encryptNow(chat: string, transmit: (step: SendStep) => void): Promise<void> {
    const type = recordType(chat)
    const record = parseRecord((await this.#keys.get(type, [chat]))[chat])
    if (record === 'broken') throw new Error('the stored session is no session')
    if (this.#isEnded()) return
    const next = sendStep(record, chat, { chain: this.#freshChain, root: this.#freshRoot })
    const changes = { [type]: { [chat]: next.record } }
    switch (this.#adapter) {
      case 'sound':
        await this.#keys.set(changes)
        transmit(next.step)
        return
      case 'plain':
        transmit(next.step)
        await this.#keys.set(changes)
        return
    }
  }

  async #hasPreKey(id: number): Promise<boolean> {
    const key = String(id)
    const value = (await this.#keys.get('pre-key', [key]))[key]
    return value !== undefined && value !== null
  }

  #turn(chat: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.get(chat)?.push(resolve))
  }

  #next(chat: string): void {
    const next = this.#waiting.get(chat)?.shift()
    if (next === undefined) this.#waiting.delete(chat)
    else next()
  }

  readonly #freshRoot = (): Uint8Array => Buffer.from(this.#secureRandom.bytes(ROOT_BYTES))

  readonly #freshChain = (): string => Buffer.from(this.#secureRandom.bytes(CHAIN_BYTES)).toString('hex')
}
