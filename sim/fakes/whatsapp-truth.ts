/**
 * What really happened, as the server knows it: plain data for checkers and tests, and the judgement of each
 * outgoing ciphertext's ratchet step. It never steers. The surprise: only what the server has *seen* counts;
 * steps that were committed and never sent leave gaps, and gaps are harmless.
 */

import { isGroup } from './whatsapp-ratchet.ts'
import type { SendStep } from './whatsapp-ratchet.ts'

export interface InboundTruth {
  readonly id: string
  readonly chat: string
  readonly participant: string
  readonly text: string
  /** World ms at which the server had it. */
  readonly queuedAtMs: number
  /** How often it reached a socket of the bot's. */
  attempts: number
  retryReceipts: number
  ackedAtMs: number | undefined
  /** Given up by the bot's library: acknowledged with an error, never read. */
  isLost: boolean
}

export interface OutgoingTruth {
  readonly id: string
  readonly chat: string
  readonly text: string
  /** World ms of the first arrival. */
  readonly atMs: number
  /** How often this id arrived; the chat shows it once. */
  arrivals: number
}

export interface ChatTruth {
  readonly chat: string
  /** Distinct messages from the bot, in order of first arrival. */
  readonly outgoing: OutgoingTruth[]
  /** Arrivals that the server refused with an error ack. */
  refusals: number
}

export interface WhatsappTotals {
  connects: number
  opens: number
  loginsRefused: number
  qrsShown: number
  pairings: number
  retryReceipts: number
  undecryptable: number
  counterReuses: number
  staleRatchets: number
  duplicateSends: number
  reusedPreKeyIds: number
}

export interface WhatsappTruth {
  readonly inbound: ReadonlyMap<string, InboundTruth>
  readonly chats: ReadonlyMap<string, ChatTruth>
  readonly outgoing: ReadonlyMap<string, OutgoingTruth>
  readonly totals: Readonly<WhatsappTotals>
}

export type StepFinding =
  | { readonly kind: 'fresh' }
  /** The same key was used before, for the message `firstId`. */
  | { readonly kind: 'reused'; readonly firstId: string }
  /**
   * The keys are older than what the server has seen of them: an earlier chain or counter, or a receiving
   * side that does not know a message which the bot has acknowledged.
   */
  | { readonly kind: 'stale'; readonly reason: 'old-chain' | 'old-counter' | 'old-receive-step' }

interface ChatRatchet {
  /** Message id by `chain/counter`. */
  readonly seen: Map<string, string>
  readonly highestByChain: Map<string, number>
  newestChain: string
  ackedCounter: number
}

export class TruthLedger implements WhatsappTruth {
  readonly inbound = new Map<string, InboundTruth>()
  readonly chats = new Map<string, ChatTruth>()
  readonly outgoing = new Map<string, OutgoingTruth>()
  readonly totals: WhatsappTotals = {
    connects: 0,
    opens: 0,
    loginsRefused: 0,
    qrsShown: 0,
    pairings: 0,
    retryReceipts: 0,
    undecryptable: 0,
    counterReuses: 0,
    staleRatchets: 0,
    duplicateSends: 0,
    reusedPreKeyIds: 0,
  }
  #ratchets = new Map<string, ChatRatchet>()

  chat(chat: string): ChatTruth {
    const known = this.chats.get(chat)
    if (known !== undefined) return known
    const created = { chat, outgoing: [], refusals: 0 }
    this.chats.set(chat, created)
    return created
  }

  /** The bot has acknowledged what this counter of the chat carried, so its keys must be at least there. */
  noteAcked(chat: string, counter: number): void {
    const ratchet = this.#ratchet(chat)
    ratchet.ackedCounter = Math.max(ratchet.ackedCounter, counter)
  }

  /** Remembers the step of a message that arrived, and says what is wrong with it. */
  judgeStep(chat: string, step: SendStep, messageId: string): StepFinding {
    const ratchet = this.#ratchet(chat)
    const key = `${step.chain}/${step.counter}`
    const firstId = ratchet.seen.get(key)
    if (firstId !== undefined) {
      this.totals.counterReuses += 1
      return { kind: 'reused', firstId }
    }
    const finding = judgeFreshStep(ratchet, chat, step)
    if (finding.kind === 'stale') this.totals.staleRatchets += 1
    const highest = ratchet.highestByChain.get(step.chain)
    if (highest === undefined) ratchet.newestChain = step.chain
    ratchet.highestByChain.set(step.chain, Math.max(highest ?? 0, step.counter))
    ratchet.seen.set(key, messageId)
    return finding
  }

  /** Takes the message into its chat; true when the id was known, so the chat shows nothing new. */
  noteSent(
    message: { readonly id: string; readonly chat: string; readonly text: string },
    atMs: number,
  ): boolean {
    const known = this.outgoing.get(message.id)
    if (known !== undefined) {
      known.arrivals += 1
      this.totals.duplicateSends += 1
      return true
    }
    const outgoing = { id: message.id, chat: message.chat, text: message.text, atMs, arrivals: 1 }
    this.outgoing.set(message.id, outgoing)
    this.chat(message.chat).outgoing.push(outgoing)
    return false
  }

  /** A new device has new keys: what was known of the old one's ratchets says nothing about it. */
  forgetRatchets(): void {
    this.#ratchets = new Map()
  }

  #ratchet(chat: string): ChatRatchet {
    const known = this.#ratchets.get(chat)
    if (known !== undefined) return known
    const created = { seen: new Map(), highestByChain: new Map(), newestChain: '', ackedCounter: 0 }
    this.#ratchets.set(chat, created)
    return created
  }
}

function judgeFreshStep(ratchet: ChatRatchet, chat: string, step: SendStep): StepFinding {
  const highest = ratchet.highestByChain.get(step.chain)
  if (highest !== undefined && step.chain !== ratchet.newestChain)
    return { kind: 'stale', reason: 'old-chain' }
  if (highest !== undefined && step.counter < highest) return { kind: 'stale', reason: 'old-counter' }
  // A group message shows nothing of the receiving side: sender keys do not answer each other.
  if (!isGroup(chat) && step.recvCounter < ratchet.ackedCounter) {
    return { kind: 'stale', reason: 'old-receive-step' }
  }
  return { kind: 'fresh' }
}
