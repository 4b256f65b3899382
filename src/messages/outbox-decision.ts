/**
 * The outbox's decisions: what an error ack or a failed send means, what is due for each reply, and which reply is sent
 * next. Values in, values out; times are monotonic ms.
 *
 * A reply is `waiting` (to be sent, not before `dueMs`), `sent` (its ack is overdue at `dueMs`), `settling` (the
 * journal is being told how it ended) or `unsettled` (telling failed, to be tried again at `dueMs`).
 */

import { backoffEnvelopeMs, type BackoffLaw } from '../backoff.ts'
import type { ErrorCode } from '../errors.ts'
import type { RecordedReply } from '../ports/message-journal.ts'

export interface OutboxEntry {
  readonly reply: RecordedReply
  /** When it was recorded, by this process's clock: before its start for what an earlier one left. */
  readonly sinceMs: number
  phase: 'waiting' | 'sent' | 'settling' | 'unsettled'
  dueMs: number
  /** How it ended; meaningful once `settling`. */
  outcome: 'acked' | 'failed'
  /** Sends that reached the socket, those put off by the server not counted. */
  sends: number
  /** How often the server put it off. */
  deferrals: number
}

/** WhatsApp's reach-out time lock: too many new chats were begun. It lasts for hours. */
const ACK_REACH_OUT_LOCK = 463
/** Rate limit of the whole account. */
const ACK_RATE_LIMIT = 429

/** Our own caution: WhatsApp tells no times, and asking often is what it punishes. */
const REACH_OUT_LAW: BackoffLaw = { baseMs: 600_000, capMs: 7_200_000 }
const RATE_LIMIT_LAW: BackoffLaw = { baseMs: 60_000, capMs: 1_800_000 }
/** Any other refusal, e.g. 479 (a stale device list), which is often over a moment later. */
const REFUSAL_LAW: BackoffLaw = { baseMs: 5_000, capMs: 60_000 }

export interface RefusalDecision {
  readonly delayMs: number
  /** False: the server only puts it off, so this send does not count. */
  readonly isCounted: boolean
  /** What may not be sent until then, beside this reply. */
  readonly holds: 'nothing-else' | 'new-chats' | 'everything'
}

/** What an error ack means. */
export function decideRefusal(errorCode: number, entry: OutboxEntry): RefusalDecision {
  const deferral = entry.deferrals + 1
  if (errorCode === ACK_REACH_OUT_LOCK) {
    return { delayMs: backoffEnvelopeMs(REACH_OUT_LAW, deferral), isCounted: false, holds: 'new-chats' }
  }
  if (errorCode === ACK_RATE_LIMIT) {
    return { delayMs: backoffEnvelopeMs(RATE_LIMIT_LAW, deferral), isCounted: false, holds: 'everything' }
  }
  return { delayMs: refusalDelayMs(entry), isCounted: true, holds: 'nothing-else' }
}

export interface SendFailure {
  /** `await-open`: nothing can be sent before the next `open`. */
  readonly kind: 'await-open' | 'retry'
  readonly delayMs: number
  /** The message itself may be at fault. */
  readonly isCounted: boolean
}

/** `code` is undefined for errors that are none of ours, such as the WhatsApp library's. */
export function decideSendFailure(code: ErrorCode | undefined, entry: OutboxEntry): SendFailure {
  if (code === 'socket-closed' || code === 'aborted') {
    return { kind: 'await-open', delayMs: 0, isCounted: false }
  }
  // Sending writes Signal keys first: a store or a lease that is away says nothing about the message.
  const isOurs = code !== undefined && code !== 'timed-out'
  const delayMs = isOurs ? STORE_RETRY_DELAY_MS : refusalDelayMs(entry)
  return { kind: 'retry', delayMs, isCounted: !isOurs }
}

/** After a store call failed for good; the store behind it has backed off already. */
export const STORE_RETRY_DELAY_MS = 10_000

function refusalDelayMs(entry: OutboxEntry): number {
  return backoffEnvelopeMs(REFUSAL_LAW, Math.max(1, entry.sends))
}

export type DueStep = 'none' | 'resend' | 'settle' | 'give-up'

/** What time alone has made due for one reply. */
export function decideDue(
  entry: OutboxEntry,
  nowMs: number,
  limits: { readonly expiryMs: number; readonly maxSendsPerReply: number },
): DueStep {
  const isDue = entry.dueMs <= nowMs
  const isUsedUp = entry.sends >= limits.maxSendsPerReply
  if (entry.phase === 'unsettled') return isDue ? 'settle' : 'none'
  if (entry.phase === 'sent' && isDue) return isUsedUp ? 'give-up' : 'resend'
  if (entry.phase !== 'waiting') return 'none'
  return isUsedUp || nowMs - entry.sinceMs >= limits.expiryMs ? 'give-up' : 'none'
}

/** When an ack is overdue or a settlement is to be tried again, the soonest; undefined when none is waited for. */
export function soonestDueMs(entries: Iterable<OutboxEntry>): number | undefined {
  let soonestMs: number | undefined
  for (const { phase, dueMs } of entries) {
    if (phase === 'sent' || phase === 'unsettled') soonestMs = Math.min(soonestMs ?? dueMs, dueMs)
  }
  return soonestMs
}

/** The soonest of these times that are; undefined when none is. */
export function soonestOf(...timesMs: readonly (number | undefined)[]): number | undefined {
  return timesMs.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined)
}

export interface NextSend {
  readonly entry: OutboxEntry
  /** Not before this. */
  readonly atMs: number
}

/**
 * The reply to send next, the soonest due and among equals the oldest. A reply waits behind an earlier one of its
 * chat that is still to be sent, so that a chat's replies leave in order.
 * @param chatNotBeforeMs what holds for one chat alone
 */
export function nextSendOf(
  entries: Iterable<OutboxEntry>,
  notBeforeMs: number,
  chatNotBeforeMs: (chat: string) => number,
): NextSend | undefined {
  let next: NextSend | undefined
  let blockedChats: Set<string> | undefined
  for (const entry of entries) {
    if (entry.phase !== 'waiting' || blockedChats?.has(entry.reply.chat) === true) continue
    const { chat } = entry.reply
    const dueMs = Math.max(entry.dueMs, chatNotBeforeMs(chat))
    if (dueMs <= notBeforeMs) return { entry, atMs: notBeforeMs }
    blockedChats ??= new Set()
    blockedChats.add(chat)
    if (next === undefined || dueMs < next.atMs) next = { entry, atMs: dueMs }
  }
  return next
}
