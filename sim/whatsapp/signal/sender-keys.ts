/**
 * Signal's sender keys for one simulated device: its own key per group, and those of others that it was given.
 * A key of one's own is handed to each device once; who has it is remembered here.
 */

import { BufferJSON } from '@whiskeysockets/baileys'
import {
  GroupCipher,
  GroupSessionBuilder,
  SenderKeyDistributionMessage,
  SenderKeyName,
  SenderKeyRecord,
} from '@whiskeysockets/baileys/lib/Signal/Group/index.js'
import { ProtocolAddress } from 'libsignal'

export class SenderKeys {
  readonly #records = new Map<string, Buffer>()
  readonly #holders = new Map<string, Set<string>>()
  readonly #store = {
    loadSenderKey: async (name: SenderKeyName): Promise<SenderKeyRecord> => {
      const stored = this.#records.get(name.toString())
      return stored === undefined ? new SenderKeyRecord() : SenderKeyRecord.deserialize(stored)
    },
    storeSenderKey: async (name: SenderKeyName, record: SenderKeyRecord): Promise<void> => {
      // Without the replacer Baileys cannot use what it keeps for messages that were overtaken.
      const text = JSON.stringify(record.serialize(), BufferJSON.replacer)
      this.#records.set(name.toString(), Buffer.from(text))
    },
  }

  /** Devices (`lid.device`) that already have this group's own key. */
  holders(group: string): Set<string> {
    const known = this.#holders.get(group)
    if (known !== undefined) return known
    const created = new Set<string>()
    this.#holders.set(group, created)
    return created
  }

  /** A new own key for the group at its next message, as after somebody left it. */
  forgetOwn(group: string, self: string): void {
    this.#records.delete(nameOf(group, self).toString())
    this.#holders.delete(group)
  }

  /** What another device needs to read this one's messages in the group from now on. */
  async distribution(group: string, self: string): Promise<Uint8Array> {
    const message = await new GroupSessionBuilder(this.#store).create(nameOf(group, self))
    return message.serialize()
  }

  async seal(group: string, self: string, plain: Uint8Array): Promise<Buffer> {
    return Buffer.from(await new GroupCipher(this.#store, nameOf(group, self)).encrypt(plain))
  }

  async accept(group: string, author: string, distribution: Uint8Array): Promise<void> {
    const message = new SenderKeyDistributionMessage(null, null, null, null, distribution)
    await new GroupSessionBuilder(this.#store).process(nameOf(group, author), message)
  }

  /** @throws Error when the author's key is not known, or its message was read before */
  async unseal(group: string, author: string, sealed: Uint8Array): Promise<Buffer> {
    return Buffer.from(await new GroupCipher(this.#store, nameOf(group, author)).decrypt(sealed))
  }
}

/** The same person is known by one address here, whichever way the group addresses people. */
function nameOf(group: string, address: string): SenderKeyName {
  const dot = address.lastIndexOf('.')
  return new SenderKeyName(group, new ProtocolAddress(address.slice(0, dot), Number(address.slice(dot + 1))))
}
