/**
 * Opens what a simulated device receives and seals what it sends: the one place where Signal meets stanzas.
 * Between simulated devices text travels in the clear, as `<plaintext>`: there is nobody to hide it from.
 */

import { encodeWAMessage, proto, unpadRandomMax16 } from '@whiskeysockets/baileys'
import { SenderKeys } from '../signal/sender-keys.ts'
import { SignalEndpoint } from '../signal/endpoint.ts'
import { addressOf } from '../truth-ledger.ts'
import type { TruthLedger } from '../truth-ledger.ts'
import { bytesOf, childrenOf, stanza } from '../wire/stanza.ts'
import type { Device, GroupRecord } from '../directory/directory.ts'
import type { KeyBundle } from '../directory/key-bundle.ts'
import type { KeyPair } from '@whiskeysockets/baileys'
import type { Stanza } from '../wire/stanza.ts'

export type MessageContent = proto.IMessage

/** Nothing to open: the sender had no ciphertext for this device. */
export class NothingToOpenError extends Error {
  constructor() {
    super('the message carries nothing for this device')
  }
}

export class SealedMail {
  readonly endpoint: SignalEndpoint
  readonly senderKeys = new SenderKeys()
  readonly #self: Device

  constructor(self: Device, identity?: KeyPair) {
    this.#self = self
    this.endpoint = new SignalEndpoint(identity)
  }

  /**
   * Opens a received message. Keys for a group that come with it are taken in.
   * @throws Error when any part of it cannot be opened
   */
  async open(message: Stanza, from: Device, group: string | undefined): Promise<MessageContent> {
    const parts = [...childrenOf(message, 'enc'), ...childrenOf(message, 'plaintext')]
    if (parts.length === 0) throw new NothingToOpenError()
    let opened: MessageContent = {}
    for (const part of parts) {
      const content = await this.#openPart(part, from, group)
      await this.#takeKeys(content, from)
      opened = { ...opened, ...content }
    }
    return opened
  }

  /** The same content for one device, with a new session when there is none or `isFresh` asks for it. */
  async sealFor(
    recipient: Device,
    content: MessageContent,
    options: { readonly isFresh?: boolean; readonly bundle?: KeyBundle | undefined } = {},
  ): Promise<Stanza> {
    if (recipient.isSimulated) return plaintext(content)
    const address = addressOf(recipient)
    if (options.isFresh === true || !this.endpoint.hasSession(address)) {
      const bundle = options.bundle ?? recipient.takeBundle()
      if (bundle === undefined) throw new Error(`device ${address} has published no keys yet`)
      await this.endpoint.startSession(address, bundle)
    }
    const sealed = await this.endpoint.seal(address, encodeWAMessage(content))
    return stanza('enc', { v: '2', type: sealed.type }, sealed.content)
  }

  /** One content for a whole group: what all read, and the key for those who do not have it yet. */
  async sealForGroup(
    group: GroupRecord,
    recipients: readonly Device[],
    content: MessageContent,
    truth: TruthLedger,
  ): Promise<Map<Device, Stanza[]>> {
    const self = addressOf(this.#self)
    const holders = this.senderKeys.holders(group.jid)
    const distribution = await this.senderKeys.distribution(group.jid, self)
    const sealed = await this.senderKeys.seal(group.jid, self, encodeWAMessage(content))
    const shared = stanza('enc', { v: '2', type: 'skmsg' }, sealed)
    const parts = new Map<Device, Stanza[]>()
    for (const recipient of recipients) {
      if (recipient.isSimulated) {
        parts.set(recipient, [plaintext(content)])
        continue
      }
      const address = addressOf(recipient)
      // Somebody with broken keys misses the message; the others get it.
      await truth.watch(`sealing a group key for ${address}`, async () => {
        const key = keyMessage(group.jid, distribution)
        const sealedKey = holders.has(address) ? [] : [await this.sealFor(recipient, key)]
        holders.add(address)
        parts.set(recipient, [...sealedKey, shared])
      })
    }
    return parts
  }

  /** The content of a group message together with the group's key, sealed for one device: a resend. */
  async sealAgainForGroup(
    group: GroupRecord,
    recipient: Device,
    content: MessageContent,
    bundle: KeyBundle | undefined,
  ): Promise<Stanza> {
    const distribution = await this.senderKeys.distribution(group.jid, addressOf(this.#self))
    const withKey = { ...content, ...keyMessage(group.jid, distribution) }
    return this.sealFor(recipient, withKey, { isFresh: true, bundle })
  }

  async #openPart(part: Stanza, from: Device, group: string | undefined): Promise<MessageContent> {
    const bytes = bytesOf(part)
    if (part.tag === 'plaintext') return proto.Message.decode(bytes)
    const type = part.attrs['type']
    const plain =
      type === 'skmsg'
        ? await this.senderKeys.unseal(group ?? '', addressOf(from), bytes)
        : await this.endpoint.unseal(addressOf(from), {
            type: type === 'pkmsg' ? 'pkmsg' : 'msg',
            content: bytes,
          })
    return proto.Message.decode(unpadRandomMax16(plain))
  }

  async #takeKeys(content: MessageContent, from: Device): Promise<void> {
    const key = content.senderKeyDistributionMessage
    const bytes = key?.axolotlSenderKeyDistributionMessage
    if (bytes === undefined || bytes === null) return
    await this.senderKeys.accept(key?.groupId ?? '', addressOf(from), bytes)
  }
}

function plaintext(content: MessageContent): Stanza {
  return stanza('plaintext', {}, proto.Message.encode(content).finish())
}

function keyMessage(group: string, distribution: Uint8Array): MessageContent {
  return {
    senderKeyDistributionMessage: {
      groupId: group,
      axolotlSenderKeyDistributionMessage: distribution,
    },
  }
}
