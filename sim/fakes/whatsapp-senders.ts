/**
 * The other side of the bot's ratchets: the phones of those who write to it, one per chat. Decides with which
 * step a message is encrypted. Counters only ever grow, also over a new device, so that no old record of the
 * bot's can take a new message for an old one.
 */

import type { Ciphertext } from './whatsapp-connection.ts'
import type { DeviceRegistry } from './whatsapp-device.ts'
import { isGroup } from './whatsapp-ratchet.ts'

export type PlainMessage = Pick<
  Ciphertext,
  'id' | 'chat' | 'participant' | 'isFromMe' | 'isFromPhone' | 'sentAtMs' | 'text' | 'retryCount'
>

interface SenderState {
  counter: number
  /** The bot has shown that it holds the session. */
  isEstablished: boolean
  /** The bot's chain seen last; a group's sender keys answer nothing. */
  answersChain: string
  /** Handed out for the session that is being begun. */
  preKeyId: number | undefined
}

export class SenderCiphers {
  readonly #devices: DeviceRegistry
  readonly #states = new Map<string, SenderState>()

  constructor(devices: DeviceRegistry) {
    this.#devices = devices
  }

  /** Undefined while no device is linked: there is nobody to encrypt for. */
  encrypt(message: PlainMessage): Ciphertext | undefined {
    if (!this.#devices.isLinked) return undefined
    const state = this.#state(message.chat)
    const { isEstablished } = state
    if (!isEstablished) state.preKeyId ??= this.#devices.takePreKey()
    state.counter += 1
    return {
      id: message.id,
      chat: message.chat,
      participant: message.participant,
      isFromMe: message.isFromMe,
      isFromPhone: message.isFromPhone,
      sentAtMs: message.sentAtMs,
      text: message.text,
      retryCount: message.retryCount,
      counter: state.counter,
      isPreKey: !isEstablished,
      preKeyId: isEstablished ? undefined : state.preKeyId,
      answersChain: isEstablished ? state.answersChain : '',
    }
  }

  noteRead(chat: string): void {
    this.#state(chat).isEstablished = true
  }

  noteAnswer(chat: string, chain: string): void {
    const state = this.#state(chat)
    state.isEstablished = true
    if (!isGroup(chat)) state.answersChain = chain
  }

  /** The bot could not read: the next message begins a session anew. */
  reset(chat: string): void {
    resetState(this.#state(chat))
  }

  /** A new device holds no session with anybody. */
  resetAll(): void {
    for (const state of this.#states.values()) resetState(state)
  }

  #state(chat: string): SenderState {
    const known = this.#states.get(chat)
    if (known !== undefined) return known
    const created = { counter: 0, isEstablished: false, answersChain: '', preKeyId: undefined }
    this.#states.set(chat, created)
    return created
  }
}

function resetState(state: SenderState): void {
  state.isEstablished = false
  state.answersChain = ''
  state.preKeyId = undefined
}
