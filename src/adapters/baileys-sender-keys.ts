/**
 * Records of groups' sender keys, mended on their way into the store and out of it. Baileys writes them as JSON in one
 * form of bytes and expects another, so it fails on whatever it has kept for messages that were overtaken. And its own
 * sending leaves out every second key and keeps those for ever, up to 2,000 a group, which nobody will ever ask for: a
 * record of 300 kB, written again with each message. Kept keys of others stay; only the form changes.
 */

import { BufferJSON } from '@whiskeysockets/baileys'

/** As it stands in a record that keeps any; all others are sound. */
const KEPT_KEYS = '"senderMessageKeys":[{'

/** Values that are no such records come back as they are. */
export function soundSenderKeys(records: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(records).map(([id, record]) => [id, soundRecord(record)]))
}

function soundRecord(record: unknown): unknown {
  if (!(record instanceof Uint8Array)) return record
  const text = Buffer.from(record).toString()
  if (!text.includes(KEPT_KEYS)) return record
  const states: unknown = JSON.parse(text, BufferJSON.reviver)
  if (!Array.isArray(states)) return record
  const sound = states.map((state: unknown) => (isOwn(state) ? { ...state, senderMessageKeys: [] } : state))
  return Buffer.from(JSON.stringify(sound, BufferJSON.replacer))
}

/** Only whoever sends by a key can sign with it. */
function isOwn(state: unknown): state is object {
  const signing = fieldOf(state, 'senderSigningKey')
  const secret = fieldOf(signing, 'private')
  const bytes = secret instanceof Uint8Array ? secret : fieldOf(secret, 'data')
  return (bytes instanceof Uint8Array || Array.isArray(bytes)) && bytes.length > 0
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
