/**
 * The inside of libsignal that its types do not show. The fake's own devices decrypt through these parts
 * instead of libsignal's front door, because that prints whole sessions, private keys included, to the console
 * whenever a session is replaced, and because a failed attempt through it changes the sessions it tried.
 */

import { createRequire } from 'node:module'
import { SessionBuilder, SessionCipher, SessionRecord } from 'libsignal'
import type { ProtocolAddress, SignalStorage } from 'libsignal'

export interface SessionEntry {
  readonly registrationId: number
  readonly indexInfo: { readonly baseKey: Buffer; readonly created: number; used: number; closed: number }
}

export interface OpenedRecord extends SessionRecord {
  readonly sessions: Record<string, SessionEntry>
  getOpenSession(): SessionEntry | undefined
  /** Most recently used first. */
  getSessions(): SessionEntry[]
  getSession(baseKey: Buffer): SessionEntry | undefined
}

export interface PreKeyProto {
  readonly preKeyId: number
  readonly signedPreKeyId: number
  readonly baseKey: Buffer
  readonly registrationId: number
  /** The whisper message inside. */
  readonly message: Buffer
}

export interface WhisperProto {
  readonly ephemeralKey: Uint8Array
  readonly counter: number
}

interface InnerCipher {
  doDecryptWhisperMessage(message: Buffer, session: SessionEntry): Promise<Buffer>
}

interface InnerBuilder {
  initIncoming(record: OpenedRecord, message: PreKeyProto): Promise<number | undefined>
}

const MAC_BYTES = 8

const protobufs = createRequire(import.meta.url)('libsignal/src/protobufs.js') as {
  readonly PreKeyWhisperMessage: { decode(bytes: Uint8Array): PreKeyProto }
  readonly WhisperMessage: { decode(bytes: Uint8Array): WhisperProto }
}

export function newRecord(): OpenedRecord {
  return new SessionRecord() as OpenedRecord
}

export function openRecord(serialized: Uint8Array): OpenedRecord {
  return SessionRecord.deserialize(serialized) as OpenedRecord
}

/** @param sealed a `pkmsg` */
export function readPreKeyMessage(sealed: Uint8Array): PreKeyProto {
  return protobufs.PreKeyWhisperMessage.decode(sealed.subarray(1))
}

/** @param sealed a `msg`, or the message inside a `pkmsg` */
export function readWhisperMessage(sealed: Uint8Array): WhisperProto {
  return protobufs.WhisperMessage.decode(sealed.subarray(1, sealed.length - MAC_BYTES))
}

export async function decryptWithSession(
  storage: SignalStorage,
  address: ProtocolAddress,
  session: SessionEntry,
  sealed: Buffer,
): Promise<Buffer> {
  const cipher = new SessionCipher(storage, address) as unknown as InnerCipher
  return cipher.doDecryptWhisperMessage(sealed, session)
}

/** Makes the session that a first message asks for. @returns the one-time key it used */
export async function acceptSession(
  storage: SignalStorage,
  address: ProtocolAddress,
  record: OpenedRecord,
  message: PreKeyProto,
): Promise<number | undefined> {
  const builder = new SessionBuilder(storage, address) as unknown as InnerBuilder
  return builder.initIncoming(record, message)
}

/** Closes the open session without libsignal's print of it, and forgets the oldest beyond `keep`. */
export function closeOpenSession(record: OpenedRecord, keep: number): void {
  const open = record.getOpenSession()
  if (open !== undefined) open.indexInfo.closed = Date.now()
  const byAge = Object.entries(record.sessions).toSorted(
    ([, a], [, b]) => b.indexInfo.closed - a.indexInfo.closed,
  )
  for (const [key] of byAge.slice(keep)) delete record.sessions[key]
}
