/**
 * The Signal ratchet as a model, pure: which step a chat's key record is at and what a message does to it.
 * No cryptography; a ciphertext names the step it was made with, and whoever lacks that step cannot read it.
 * The surprise: a group's send chain never changes by itself, so there a lost step always repeats a counter.
 */

import { Buffer } from 'node:buffer'
import { KNOWN_CHAINS } from './whatsapp-rules.ts'

/** What the bot keeps of one chat, under type `session` or `sender-key`; a JSON value with a Buffer inside. */
export interface SessionRecord {
  /** Highest counter of an inbound ciphertext that was decrypted; 0 before the first. */
  readonly recvCounter: number
  /** The peer's ratchet step of the last inbound ciphertext: the chain of ours that it answered. */
  readonly peerStep: string
  /** Own send chains, the present one last; at most KNOWN_CHAINS. */
  readonly sendChains: readonly string[]
  /** Counter of the last message sent in the present chain; 0 before the first. */
  readonly sendCounter: number
  /** The peer has made a step since our last send: the next message begins a chain. */
  readonly isChainDue: boolean
  /** The one-time pre-key that the session was begun with; left out when there was none. */
  readonly preKeyId?: number
  /** Stands for the key material, so that a store's codec meets bytes; changes with every step. */
  readonly root: Uint8Array
}

/** The part of an inbound ciphertext that the ratchet looks at. */
export interface CipherStep {
  readonly counter: number
  /** The sender has not seen that we hold a session, and sends what is needed to begin one. */
  readonly isPreKey: boolean
  /** Our chain that the sender had seen last; '' for none, and always in groups. */
  readonly answersChain: string
}

/** `no-pre-key`: the one-time key that the message was made with is not in the key store. */
export type UndecryptableReason =
  'counter-consumed' | 'unknown-chain' | 'no-session' | 'no-pre-key' | 'broken-record'

export type Reception =
  | { readonly status: 'decrypted'; readonly record: SessionRecord }
  | { readonly status: 'undecryptable'; readonly reason: UndecryptableReason }

/** What an outgoing ciphertext shows of the step it was made with. */
export interface SendStep {
  readonly chain: string
  readonly counter: number
  /** Proof of how far the sender's receiving side is. */
  readonly recvCounter: number
}

export function isGroup(chat: string): boolean {
  return chat.endsWith('@g.us')
}

/** Where a chat's record lives in the key store. */
export function recordType(chat: string): 'sender-key' | 'session' {
  return isGroup(chat) ? 'sender-key' : 'session'
}

/** The record as the key store gave it back; `broken` when it is not what was stored. */
export function parseRecord(value: unknown): SessionRecord | undefined | 'broken' {
  if (value === undefined || value === null) return undefined
  return isSessionRecord(value) ? value : 'broken'
}

/** @param freshRoot makes the key material of a session that begins */
export function receiveStep(
  record: SessionRecord | undefined,
  cipher: CipherStep,
  freshRoot: () => Uint8Array,
): Reception {
  if (record === undefined) {
    if (!cipher.isPreKey) return { status: 'undecryptable', reason: 'no-session' }
    return { status: 'decrypted', record: { ...emptyRecord(freshRoot()), recvCounter: cipher.counter } }
  }
  if (cipher.counter <= record.recvCounter) return { status: 'undecryptable', reason: 'counter-consumed' }
  const isKnownStep = cipher.answersChain === '' || record.sendChains.includes(cipher.answersChain)
  if (!cipher.isPreKey && !isKnownStep) return { status: 'undecryptable', reason: 'unknown-chain' }
  const isNewStep = cipher.isPreKey || cipher.answersChain !== record.peerStep
  return {
    status: 'decrypted',
    record: {
      ...record,
      recvCounter: cipher.counter,
      peerStep: cipher.answersChain,
      isChainDue: record.isChainDue || isNewStep,
      root: steppedRoot(record.root),
    },
  }
}

/** The record after one more message to the chat, and the step that message shows. */
export function sendStep(
  record: SessionRecord | undefined,
  chat: string,
  fresh: { chain(): string; root(): Uint8Array },
): { readonly record: SessionRecord; readonly step: SendStep } {
  const before = record ?? emptyRecord(fresh.root())
  const present = before.sendChains.at(-1)
  const isContinued = present !== undefined && (isGroup(chat) || !before.isChainDue)
  const chain = isContinued ? present : fresh.chain()
  const counter = isContinued ? before.sendCounter + 1 : 1
  return {
    record: {
      ...before,
      sendChains: isContinued ? before.sendChains : [...before.sendChains, chain].slice(-KNOWN_CHAINS),
      sendCounter: counter,
      isChainDue: false,
      root: steppedRoot(before.root),
    },
    step: { chain, counter, recvCounter: before.recvCounter },
  }
}

function emptyRecord(root: Uint8Array): SessionRecord {
  return { recvCounter: 0, peerStep: '', sendChains: [], sendCounter: 0, isChainDue: true, root }
}

function steppedRoot(root: Uint8Array): Uint8Array {
  const stepped = Buffer.from(root)
  stepped.writeUInt32LE((stepped.readUInt32LE(0) + 1) >>> 0, 0)
  return stepped
}

function isSessionRecord(value: unknown): value is SessionRecord {
  if (typeof value !== 'object' || value === null) return false
  const { recvCounter, sendCounter, sendChains, root } = value as Partial<SessionRecord>
  return (
    typeof recvCounter === 'number' &&
    typeof sendCounter === 'number' &&
    Array.isArray(sendChains) &&
    root instanceof Uint8Array
  )
}
