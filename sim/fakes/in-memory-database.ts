/**
 * What a Postgres database is to the stores, in plain memory: the rows of several sessions, shared by all
 * store instances made over it. Whoever holds the object reaches the same data, as with a database URL.
 */

import type { InboundRecord, InboundState, Reply, ReplyState } from '../../src/ports/message-journal.ts'

export interface LeaseCell {
  owner: string
  epoch: number
  counter: number
  isReleased: boolean
  haltedBy: string | undefined
  attemptTimesMs: readonly number[]
}

export interface InboundCell {
  message: InboundRecord
  state: InboundState
  readonly recordedAtMs: number
}

export interface ReplyCell {
  readonly reply: Reply
  state: ReplyState
  readonly recordedAtMs: number
}

/** The rows of one session. `unhandled` and `pending` are the partial indexes of their tables. */
export interface SessionRows {
  lease: LeaseCell | undefined
  /** The place of the newest write of creds or keys. */
  newestWrite: { readonly epoch: number; readonly sequence: number } | undefined
  /** Newest last. */
  creds: { readonly version: number; readonly writtenAtMs: number; readonly value: string }[]
  /** By type, then by id. */
  readonly keys: Map<string, Map<string, string>>
  readonly inbound: Map<string, InboundCell>
  readonly unhandled: Map<string, InboundCell>
  readonly replies: Map<string, ReplyCell>
  readonly pending: Map<string, ReplyCell>
}

export class InMemoryDatabase {
  readonly #sessions = new Map<string, SessionRows>()

  session(sessionId: string): SessionRows {
    let rows = this.#sessions.get(sessionId)
    if (rows === undefined) {
      rows = {
        lease: undefined,
        newestWrite: undefined,
        creds: [],
        keys: new Map(),
        inbound: new Map(),
        unhandled: new Map(),
        replies: new Map(),
        pending: new Map(),
      }
      this.#sessions.set(sessionId, rows)
    }
    return rows
  }
}
