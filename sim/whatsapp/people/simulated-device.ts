/**
 * A device that the server plays itself: a contact's, or an account's own phone. It opens what it receives with
 * real Signal keys, answers with receipts, asks again for what it cannot read, and sends again what others
 * could not. Everything happens in order, one stanza at a time.
 */

import type { KeyPair } from '@whiskeysockets/baileys'
import { isGroupJid, jidOf } from '../directory/jid.ts'
import { readRetryBundle, writeKeys } from '../directory/key-bundle.ts'
import { newMessageId } from '../post/message-id.ts'
import { TaskQueue } from '../task-queue.ts'
import { addressOf } from '../truth-ledger.ts'
import { bigEndian, childOf, idsOf, secondsNow, stanza } from '../wire/stanza.ts'
import { messageKind, messageText } from './message-text.ts'
import { SealedMail } from './sealed-mail.ts'
import { SentStore } from './sent-store.ts'
import type { Device, Directory } from '../directory/directory.ts'
import type { KeyBundle } from '../directory/key-bundle.ts'
import type { Chat } from '../post/envelope.ts'
import type { PostOffice } from '../post/post-office.ts'
import type { TruthLedger } from '../truth-ledger.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { DeviceOwner } from './device-owner.ts'
import type { MessageContent } from './sealed-mail.ts'

const MAX_RETRIES = 5

export interface DeviceWorld {
  readonly directory: Directory
  readonly postOffice: PostOffice
  readonly truth: TruthLedger
}

export interface SendOptions {
  readonly id?: string | undefined
  /** `text` when not given; `media`, `reaction`, `poll` as a phone would write. */
  readonly type?: string | undefined
  readonly edit?: string | undefined
  readonly category?: string | undefined
  /** Devices that get it; everybody in the chat when not given. */
  readonly only?: readonly Device[] | undefined
}

export class SimulatedDevice implements Device {
  readonly person: DeviceOwner
  readonly number: number
  readonly isSimulated = true
  readonly canReceive = true
  readonly mail: SealedMail
  readonly #world: DeviceWorld
  readonly #queue = new TaskQueue()
  readonly #sent = new SentStore()

  constructor(person: DeviceOwner, number: number, world: DeviceWorld, identity?: KeyPair) {
    this.person = person
    this.number = number
    this.#world = world
    this.mail = new SealedMail(this, identity)
  }

  takeBundle(): KeyBundle {
    return this.mail.endpoint.takeBundle()
  }

  deliver(incoming: Stanza): void {
    const work = this.#queue.run(async () => {
      if (incoming.tag === 'message') await this.#read(incoming)
      if (incoming.tag === 'receipt') await this.#takeReceipt(incoming)
    })
    void this.#world.truth.watch(`${addressOf(this)} takes a ${incoming.tag}`, async () => work)
  }

  memberLeft(group: string): void {
    this.mail.senderKeys.forgetOwn(group, addressOf(this))
  }

  /** Resolves when everything delivered so far has been dealt with. */
  async idle(): Promise<void> {
    await this.#queue.idle()
  }

  /** Sends to every device in the chat. @returns the message's id */
  async send(chat: Chat, content: MessageContent, options: SendOptions = {}): Promise<string> {
    const id = options.id ?? newMessageId()
    this.#sent.add(id, { chat, content })
    await this.#queue.run(async () => {
      const parts = await this.#seal(chat, content, options.only)
      const attrs = { id, type: options.type ?? 'text', edit: options.edit, category: options.category }
      for (const [recipient, sealed] of parts) {
        this.#world.postOffice.handOver(this, recipient, chat, { attrs, content: sealed })
      }
    })
    return id
  }

  /** A receipt of this device about a message that it received. */
  sendReceipt(
    message: {
      readonly id: string
      readonly to: string
      readonly participant?: string | undefined
      /** The chat of what another device of one's own sent. */
      readonly recipient?: string | undefined
    },
    type?: string,
  ): void {
    this.#world.postOffice.takeReceipt(this, stanza('receipt', { ...message, type }))
  }

  async #seal(chat: Chat, content: MessageContent, only?: readonly Device[]): Promise<Map<Device, Stanza[]>> {
    if (chat.kind === 'group') {
      const recipients = only ?? this.#world.postOffice.devicesOf(chat.group, this)
      return this.mail.sealForGroup(chat.group, recipients, content, this.#world.truth)
    }
    const parts = new Map<Device, Stanza[]>()
    const everybody = new Set([...chat.with.devices.values(), ...this.person.devices.values()])
    for (const device of only ?? everybody) {
      if (device === this || !device.canReceive) continue
      // Somebody with broken keys misses the message; the others get it.
      await this.#world.truth.watch(`sealing for ${addressOf(device)}`, async () => {
        parts.set(device, [await this.mail.sealFor(device, this.#forOwn(device, chat, content))])
      })
    }
    return parts
  }

  #forOwn(device: Device, chat: Chat, content: MessageContent): MessageContent {
    if (device.person !== this.person || chat.kind === 'group' || isForDevice(content)) return content
    const destinationJid = jidOf(chat.with, chat.addressing)
    return { deviceSentMessage: { destinationJid, message: content } }
  }

  async #read(message: Stanza): Promise<void> {
    const { id = '', from, participant, recipient } = message.attrs
    const sender = this.#world.directory.device(participant ?? from)
    if (sender === undefined) return
    const group = isGroupJid(from) ? from : undefined
    let content: MessageContent
    try {
      content = await this.mail.open(message, sender, group)
    } catch (error) {
      this.#askAgain(message, sender, error)
      return
    }
    this.#world.truth.noteReadable(this, addressOf(sender), id)
    const isOwn = sender.person === this.person
    const inner = content.deviceSentMessage?.message ?? content
    const chatWith = isOwn ? this.#world.directory.person(recipient) : sender.person
    this.person.received({
      id,
      chat: group ?? jidOf(chatWith ?? this.person, 'pn'),
      from: sender.person.pn,
      fromDevice: sender.number,
      isOwn,
      kind: messageKind(inner),
      text: messageText(inner),
      content: inner,
      atMs: Date.now(),
      openedBy: [this.number],
    })
    if (isOwn) this.#confirmOwn(message, sender)
    else {
      await phoneOf(sender)?.idle()
      this.#answer(message)
    }
  }

  /** Of a kind of its own, so that nobody takes it for the word of whom the message went to. */
  #confirmOwn({ attrs }: Stanza, sender: Device): void {
    const { id, from, participant, recipient, category } = attrs
    if (id === undefined || from === undefined || sender.isSimulated || !this.person.habits.confirmsOwn)
      return
    const type = category === 'peer' ? 'peer_msg' : 'sender'
    this.sendReceipt({ id, to: from, participant, recipient }, type)
  }

  #answer(message: Stanza): void {
    const { id, from, participant } = message.attrs
    if (id === undefined || from === undefined) return
    const about = { id, to: from, ...(participant === undefined ? {} : { participant }) }
    if (this.person.habits.sendsDelivery) this.sendReceipt(about)
    if (this.person.habits.sendsRead) this.sendReceipt(about, 'read')
  }

  #askAgain(message: Stanza, sender: Device, error: unknown): void {
    const { id = '', from, participant, recipient, t } = message.attrs
    const failure = this.#world.truth.noteUnreadable(this, addressOf(sender), id, error)
    if (!this.person.habits.asksAgain || sender.isSimulated || failure.attempts > MAX_RETRIES) return
    const { registrationId } = this.mail.endpoint
    const receipt = stanza('receipt', { id, to: from, participant, recipient, type: 'retry' }, [
      stanza('retry', { count: String(failure.attempts), id, t, v: '1', error: '0' }),
      stanza('registration', {}, bigEndian(registrationId, 4)),
      // As phones do: the first request hopes that a newly fetched bundle is enough.
      ...(failure.attempts > 1 ? [stanza('keys', {}, writeKeys(this.takeBundle()))] : []),
    ])
    this.#world.postOffice.takeReceipt(this, receipt)
  }

  async #takeReceipt(receipt: Stanza): Promise<void> {
    const { type = 'delivery', from, participant } = receipt.attrs
    const receiver = this.#world.directory.device(participant ?? from)
    if (receiver === undefined) return
    for (const id of idsOf(receipt)) {
      this.person.receiptReceived({ id, type, from: receiver.person.pn, atMs: Date.now() })
      if (type === 'retry') await this.#sendAgain(id, receiver, receipt)
    }
  }

  async #sendAgain(id: string, receiver: Device, receipt: Stanza): Promise<void> {
    const sent = this.#sent.get(id)
    if (sent === undefined || receiver.isSimulated || !this.person.habits.sendsAgain) return
    const { chat, content } = sent
    const count = childOf(receipt, 'retry')?.attrs['count'] ?? '1'
    const bundle = readRetryBundle(receipt)
    const enc =
      chat.kind === 'group'
        ? await this.mail.sealAgainForGroup(chat.group, receiver, content, bundle)
        : await this.mail.sealFor(receiver, this.#forOwn(receiver, chat, content), { isFresh: true, bundle })
    enc.attrs['count'] = count
    this.#world.postOffice.handOver(this, receiver, chat, {
      attrs: { id, type: 'text', t: secondsNow() },
      content: [enc],
    })
  }
}

/**
 * The phone beside a real client. It is heard first: clients take its confirmation for the server's, and coming after
 * somebody's receipt it would take the message back from "delivered" to "sent".
 */
function phoneOf({ isSimulated, person }: Device): SimulatedDevice | undefined {
  const phone = isSimulated ? undefined : person.devices.get(0)
  return phone instanceof SimulatedDevice ? phone : undefined
}

/** Meant for the device itself, and not a copy of what was said in a chat. */
function isForDevice({ protocolMessage }: MessageContent): boolean {
  const { historySyncNotification, peerDataOperationRequestResponseMessage } = protocolMessage ?? {}
  return (historySyncNotification ?? peerDataOperationRequestResponseMessage) !== undefined
}
