/** Group keys as Baileys' own cipher uses them, through a store that mends them and through one that does not. */

import {
  GroupCipher,
  GroupSessionBuilder,
  SenderKeyName,
  SenderKeyRecord,
} from '@whiskeysockets/baileys/lib/Signal/Group/index.js'
import { ProtocolAddress } from 'libsignal'
import { describe, expect, it } from 'vitest'
import { soundSenderKeys } from '../../../src/adapters/baileys-sender-keys.ts'

const NAME = new SenderKeyName('120363@g.us', new ProtocolAddress('77', 0))

/** Somebody's store; `mend` is what lies between it and Baileys. */
class Keys {
  record: Uint8Array | undefined
  readonly #mend: (record: Uint8Array) => Uint8Array

  constructor(mend: (record: Uint8Array) => Uint8Array) {
    this.#mend = mend
  }

  get cipher(): GroupCipher {
    return new GroupCipher(this, NAME)
  }

  async loadSenderKey(): Promise<SenderKeyRecord> {
    return this.record === undefined ? new SenderKeyRecord() : SenderKeyRecord.deserialize(this.record)
  }

  async storeSenderKey(_name: SenderKeyName, record: SenderKeyRecord): Promise<void> {
    this.record = this.#mend(Buffer.from(JSON.stringify(record.serialize())))
  }
}

function mended(record: Uint8Array): Uint8Array {
  const { sound } = soundSenderKeys({ sound: record })
  return sound instanceof Uint8Array ? sound : new Uint8Array()
}

/** `count` messages of a sender, and a reader who has its key. */
async function written(count: number, mend: (record: Uint8Array) => Uint8Array): Promise<Conversation> {
  const sender = new Keys(mend)
  const reader = new Keys(mend)
  await new GroupSessionBuilder(reader).process(NAME, await new GroupSessionBuilder(sender).create(NAME))
  const sealed: Uint8Array[] = []
  for (let index = 0; index < count; index += 1) {
    sealed.push(await sender.cipher.encrypt(Buffer.from(`${index}`)))
  }
  return {
    sender,
    reader,
    sealed,
    read: async (index) => String(await reader.cipher.decrypt(sealed[index] ?? Buffer.alloc(0))),
  }
}

interface Conversation {
  readonly sender: Keys
  readonly reader: Keys
  readonly sealed: readonly Uint8Array[]
  readonly read: (index: number) => Promise<string>
}

describe('a group’s sender keys', () => {
  it('read messages that were overtaken, each once', async () => {
    const { read } = await written(4, mended)
    const found: string[] = []
    for (const index of [0, 3, 1, 2]) found.push(await read(index))
    expect(found).toEqual(['0', '3', '1', '2'])
    await expect(read(1)).rejects.toThrow('old counter')
  })

  it('do not as Baileys itself stores them: when they do, nothing needs mending any more', async () => {
    const { read } = await written(4, (record) => record)
    await read(0)
    await read(3)
    await expect(read(1)).rejects.toThrow(TypeError)
  })

  it('become readable when they were stored before', async () => {
    const { reader, read } = await written(4, (record) => record)
    await read(0)
    await read(3)
    reader.record = mended(reader.record ?? new Uint8Array())
    expect(await read(1)).toBe('1')
  })

  it('are mended once and for all', async () => {
    const { reader, read } = await written(4, mended)
    await read(0)
    await read(3)
    const once = reader.record ?? new Uint8Array()
    expect(Buffer.from(mended(once)).toString()).toBe(Buffer.from(once).toString())
    expect(once.length).toBeGreaterThan(0)
  })

  it('of one’s own stay as small as they begin', async () => {
    const few = await written(3, mended)
    const many = await written(20, mended)
    expect(many.sender.record?.length).toBeLessThan((few.sender.record?.length ?? 0) + 20)
    expect((await written(20, (record) => record)).sender.record?.length).toBeGreaterThan(2_000)
  })

  it('leave alone what is no record of keys', () => {
    const values = { a: null, b: 'x', c: new Uint8Array([255]), d: Buffer.from('{"senderMessageKeys":[{}]}') }
    expect(soundSenderKeys(values)).toEqual(values)
  })
})
