/**
 * Messages to the bot: kept until acknowledged, replayed after a login, encrypted anew when the bot cannot
 * read them. No limit, as WhatsApp has none that a bot would meet. The surprise: a replayed message is the
 * same ciphertext as before, so a bot that committed its step and died before the acknowledgement cannot read
 * it and must ask for a fresh one.
 */

import assert from 'node:assert/strict'
import { WORLD_EPOCH_MS } from '../world/dyno-clock.ts'
import type { Ciphertext, ServerContext, WhatsappConnection } from './whatsapp-connection.ts'
import { isGroup } from './whatsapp-ratchet.ts'
import type { UndecryptableReason } from './whatsapp-ratchet.ts'
import { LATENCY_MS, drawMs } from './whatsapp-rules.ts'
import type { InboundTruth } from './whatsapp-truth.ts'

/** A message of somebody's to the bot. */
export interface ContactMessage {
  readonly chat: string
  /** Who wrote it in a group; '' (or left out) in a direct chat. */
  readonly participant?: string
  readonly text: string
  /** Written by the owner, on the phone unless it is said otherwise. */
  readonly isFromMe?: boolean
  /** On another device that is linked beside the bot. */
  readonly isFromOtherDevice?: boolean
}

interface Letter {
  readonly truth: InboundTruth
  readonly isFromMe: boolean
  readonly isFromPhone: boolean
  /** Undefined while nobody can encrypt it for the present device. */
  cipher: Ciphertext | undefined
  /** Number of the connection it was last put on; 0: none. */
  sentOn: number
}

export class Mailbox {
  readonly #context: ServerContext
  readonly #active: () => WhatsappConnection | undefined
  /** Unacknowledged, oldest first. */
  readonly #pending = new Map<string, Letter>()
  #count = 0

  /** @param active the connection on which messages flow now */
  constructor(context: ServerContext, active: () => WhatsappConnection | undefined) {
    this.#context = context
    this.#active = active
  }

  get unackedCount(): number {
    return this.#pending.size
  }

  /** Returns the message's id. */
  deliver(message: ContactMessage): string {
    const letter = this.#post(message)
    const { id, chat, participant, text } = letter.truth
    this.#context.record('wa.queued', { id, chat, participant, isFromMe: letter.isFromMe, text })
    this.#encrypt(letter, 0)
    const connection = this.#active()
    if (connection === undefined) return id
    this.#transmit(connection, letter, 'notify')
    const { faults, stream } = this.#context
    if (!connection.isDeaf && faults.duplicateProbability > 0 && stream.chance(faults.duplicateProbability)) {
      faults.strike('duplicate-delivery')
      this.#encrypt(letter, 0)
      this.#transmit(connection, letter, 'notify')
    }
    return id
  }

  /** Everything unacknowledged, in order, on a connection that has just become active. */
  replay(connection: WhatsappConnection): void {
    for (const letter of this.#pending.values()) this.#transmit(connection, letter, 'append')
  }

  /** What a deaf connection has missed. */
  catchUp(connection: WhatsappConnection): void {
    for (const letter of this.#pending.values()) {
      if (letter.sentOn !== connection.number) this.#transmit(connection, letter, 'notify')
    }
  }

  acknowledge(connection: WhatsappConnection, cipher: Ciphertext): void {
    if (connection.stage === 'closed') return
    const { truth, senders, scheduler } = this.#context
    truth.noteAcked(cipher.chat, cipher.counter)
    senders.noteRead(cipher.chat)
    const letter = this.#pending.get(cipher.id)
    if (letter === undefined) return
    this.#pending.delete(cipher.id)
    letter.truth.ackedAtMs = scheduler.nowMs
    this.#context.record('wa.acked', { connection: connection.number, id: cipher.id, chat: cipher.chat })
  }

  noteUndecryptable(connection: WhatsappConnection, cipher: Ciphertext, reason: UndecryptableReason): void {
    const { id, chat, retryCount } = cipher
    this.#context.truth.totals.undecryptable += 1
    this.#context.record('wa.undecryptable', { connection: connection.number, id, chat, reason, retryCount })
  }

  /** The bot could not read it and asks the sender for a fresh ciphertext. */
  requestRetry(connection: WhatsappConnection, cipher: Ciphertext): void {
    const letter = this.#pending.get(cipher.id)
    // Another ciphertext of the same message is under way already: the answer to this request.
    if (connection.stage === 'closed' || letter === undefined || letter.cipher !== cipher) return
    const { truth, scheduler, stream, senders } = this.#context
    const count = cipher.retryCount + 1
    truth.totals.retryReceipts += 1
    letter.truth.retryReceipts += 1
    this.#context.record('wa.retry-receipt', { connection: connection.number, id: cipher.id, count })
    senders.reset(cipher.chat)
    this.#encrypt(letter, count)
    letter.sentOn = 0
    scheduler.schedule('wa.retry-resend', drawMs(stream, LATENCY_MS.retryResend), () => {
      const connectionNow = this.#active()
      // A login meanwhile has replayed it; without a connection it waits for the next replay.
      if (connectionNow !== undefined && letter.sentOn === 0) this.#transmit(connectionNow, letter, 'notify')
    })
  }

  /** The bot's library has given the message up: acknowledged with an error, never read. */
  giveUp(connection: WhatsappConnection, cipher: Ciphertext): void {
    const letter = this.#pending.get(cipher.id)
    if (connection.stage === 'closed' || letter === undefined) return
    this.#pending.delete(cipher.id)
    letter.truth.isLost = true
    this.#context.record('wa.lost', { connection: connection.number, id: cipher.id, chat: cipher.chat })
  }

  /** What was encrypted for the device before is of no use to the new one. */
  forgetCiphers(): void {
    for (const letter of this.#pending.values()) letter.cipher = undefined
  }

  /** The oldest message that went out on this connection and was never acknowledged. */
  unackedOn(connection: WhatsappConnection): Ciphertext | undefined {
    for (const letter of this.#pending.values()) if (letter.sentOn === connection.number) return letter.cipher
    return undefined
  }

  #post(message: ContactMessage): Letter {
    const { chat, participant = '', text, isFromMe = false, isFromOtherDevice = false } = message
    assert(isGroup(chat) === (participant !== ''), `chat ${chat} with participant "${participant}"`)
    this.#count += 1
    const id = `IN${String(this.#count).padStart(6, '0')}`
    const truth: InboundTruth = {
      id,
      chat,
      participant,
      text,
      queuedAtMs: this.#context.scheduler.nowMs,
      attempts: 0,
      retryReceipts: 0,
      ackedAtMs: undefined,
      isLost: false,
    }
    const isFromPhone = isFromMe && !isFromOtherDevice
    const letter: Letter = { truth, isFromMe, isFromPhone, cipher: undefined, sentOn: 0 }
    this.#context.truth.inbound.set(id, truth)
    this.#pending.set(id, letter)
    return letter
  }

  #encrypt(letter: Letter, retryCount: number): Ciphertext | undefined {
    const { id, chat, participant, text, queuedAtMs } = letter.truth
    // WhatsApp's timestamps are whole seconds.
    const sentAtMs = Math.floor((WORLD_EPOCH_MS + queuedAtMs) / 1_000) * 1_000
    const { isFromMe, isFromPhone } = letter
    letter.cipher = this.#context.senders.encrypt({
      id,
      chat,
      participant,
      isFromMe,
      isFromPhone,
      sentAtMs,
      text,
      retryCount,
    })
    return letter.cipher
  }

  #transmit(connection: WhatsappConnection, letter: Letter, kind: 'notify' | 'append'): void {
    const { faults, stream } = this.#context
    if (connection.isDeaf) {
      faults.strike('deaf')
      return
    }
    const cipher = letter.cipher ?? this.#encrypt(letter, 0)
    if (cipher === undefined) return
    letter.sentOn = connection.number
    const spacingMs = kind === 'append' ? drawMs(stream, LATENCY_MS.replaySpacing) : 0
    const arrive = (): void => {
      if (!connection.client.isReading) return
      letter.truth.attempts += 1
      const { id, chat } = cipher
      const { attempts: attempt } = letter.truth
      this.#context.record('wa.deliver', { connection: connection.number, id, chat, kind, attempt })
      connection.client.onMessage(cipher, kind)
    }
    connection.toClient.send(drawMs(stream, LATENCY_MS.oneWay), arrive, spacingMs)
  }
}
