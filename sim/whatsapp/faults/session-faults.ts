/**
 * Decides what becomes of a logged-in client's queries and messages: answered or acknowledged as usual, refused
 * with a number, or met with silence.
 */

import { nameMatches } from './fault.ts'
import type { ActiveFault, FaultBoard } from './fault-board.ts'

const MINUTE_MS = 60_000
const PING = 'w:p/get/ping'
const STRANGER = 463

export type QueryFate =
  | { readonly kind: 'answer' }
  | { readonly kind: 'ignore' }
  | { readonly kind: 'refuse'; readonly code: number; readonly text: string }

export type MessageFate =
  | { readonly kind: 'carry'; readonly isAcknowledged: boolean }
  | { readonly kind: 'refuse'; readonly code: number }

export class SessionFaults {
  readonly #board: FaultBoard
  /** When queries came, by limit and device: a limit holds over reconnects. */
  readonly #queryTimes = new WeakMap<ActiveFault, Map<string, number[]>>()

  constructor(board: FaultBoard) {
    this.#board = board
  }

  fateOfQuery(name: string, device: string): QueryFate {
    if (this.#board.strike('unanswered', device, (each) => nameMatches(name, each.query)) !== undefined) {
      return { kind: 'ignore' }
    }
    const error = this.#board.strike('query-error', device, (each) => nameMatches(name, each.query))
    if (error !== undefined) return { kind: 'refuse', code: error.code, text: error.text ?? 'fault' }
    if (name !== PING && this.#isOverLimit(device)) {
      return { kind: 'refuse', code: 429, text: 'rate-overlimit' }
    }
    return { kind: 'answer' }
  }

  /** @param isToStranger whether the message goes to a person who never wrote to the account */
  fateOfMessage(device: string, isToStranger: boolean): MessageFate {
    const error = this.#board.strike('ack-error', device)
    if (error !== undefined) return { kind: 'refuse', code: error.code }
    if (isToStranger && this.#board.strike('reach-out-timelock', device) !== undefined) {
      return { kind: 'refuse', code: STRANGER }
    }
    return { kind: 'carry', isAcknowledged: this.#board.strike('no-ack', device) === undefined }
  }

  #isOverLimit(device: string): boolean {
    const limit = this.#board.find('rate-limit', device)
    if (limit === undefined) return false
    const times = this.#queryTimes.get(limit) ?? new Map<string, number[]>()
    this.#queryTimes.set(limit, times)
    const nowMs = Date.now()
    const recent = (times.get(device) ?? []).filter((time) => nowMs - time < MINUTE_MS)
    times.set(device, [...recent, nowMs])
    if (recent.length < limit.fault.perMinute) return false
    limit.strike()
    return true
  }
}
