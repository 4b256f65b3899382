/**
 * One session's lease, credentials and Signal keys, kept durably. Every operation is one atomic statement;
 * every write carries the lease's epoch and is refused when that is stale. The session's id is given when
 * a store is constructed. Values are serialised plain text: sealing them is the store's own matter.
 *
 * All operations throw AppError with a `store-*` code, or `encryption-key-missing`.
 */

export interface LeaseStamp {
  /** Grows by one with each new holder. */
  readonly epoch: number
  /** Grows by one with each renewal. */
  readonly counter: number
}

export interface LeaseRow extends LeaseStamp {
  /** UUID of the dyno boot that holds it. */
  readonly owner: string
  readonly isReleased: boolean
  /** Set when the session was halted for good (a terminal disconnect); its data is kept. */
  readonly haltedBy: string | undefined
}

export interface AttemptCharge {
  /** Wall-clock time of the attempt; attempts recorded later than this count as made now. */
  readonly nowMs: number
  readonly windowMs: number
  readonly maxAttempts: number
}

export type LeaseRenewal =
  | {
      readonly status: 'renewed'
      readonly counter: number
      readonly haltedBy: string | undefined
      /** True when a charge was asked for and the budget had room. */
      readonly isCharged: boolean
      /** Times (ms) of the attempts inside the window, oldest first; empty when no charge was asked for. */
      readonly attemptTimesMs: readonly number[]
    }
  | { readonly status: 'lost' }

/** `value` undefined deletes the key. */
export interface KeyChange {
  readonly type: string
  readonly id: string
  readonly value: string | undefined
}

export interface StoredKey {
  readonly id: string
  readonly value: string
}

/** One version of the credentials, as far as it can be read. */
export interface CredsVersion {
  /** Grows with each version. */
  readonly version: number
  /** Wall-clock time of its writer. */
  readonly writtenAtMs: number
  /** Undefined when the row does not open; `problem` then says why. */
  readonly value: string | undefined
  readonly problem: 'corrupt' | 'key-missing' | undefined
}

export interface SessionCommit {
  readonly epoch: number
  /** From 1, greater with each new write of this epoch; a write that is repeated keeps its own. */
  readonly sequence: number
  /** Wall-clock time of the writer, for the history. */
  readonly nowMs: number
  /** New credentials; the version before stays in the history. */
  readonly creds?: string
  /** At most one change per (type, id). */
  readonly keys?: readonly KeyChange[]
}

export type WriteOutcome = 'written' | 'stale-epoch'

/** `superseded`: a newer write of this epoch has landed, and nothing of this one was written, nor ever will be. */
export type CommitOutcome = WriteOutcome | 'superseded'

export interface SessionStore {
  /** The lease row, or undefined when this session was never leased. */
  readLease(): Promise<LeaseRow | undefined>
  /**
   * Takes the lease over with epoch + 1 and counter 0, only if it still is as `expected` (undefined: no
   * row yet). Returns the new row, or undefined when it changed meanwhile.
   */
  takeLease(take: {
    readonly owner: string
    readonly expected: LeaseStamp | undefined
  }): Promise<LeaseRow | undefined>
  /** Renews and, when asked, charges one connection attempt to the rolling window, in the same statement. */
  renewLease(renewal: {
    readonly owner: string
    readonly epoch: number
    readonly charge?: AttemptCharge
  }): Promise<LeaseRenewal>
  /** Marks the lease free for anybody; false when it was not ours any more. */
  releaseLease(release: { readonly owner: string; readonly epoch: number }): Promise<boolean>
  /** Halts the session for good (a terminal cause); nothing is deleted. */
  haltSession(halt: { readonly epoch: number; readonly cause: string }): Promise<WriteOutcome>
  /** The newest credentials; undefined only when the store has *confirmed* that there are none. */
  readCreds(): Promise<string | undefined>
  /** All versions that are kept, newest first, the current one included; a row that does not open fails nothing. */
  readCredsHistory(): Promise<readonly CredsVersion[]>
  /** The largest id of this type that is a whole number; undefined when there is none. */
  readHighestKeyId(query: { readonly type: string }): Promise<number | undefined>
  /** Values of those ids that exist, ordered by id (byte order). */
  readKeys(query: { readonly type: string; readonly ids: readonly string[] }): Promise<readonly StoredKey[]>
  /**
   * All or nothing: credentials and keys of one transaction. Repeated with the same sequence it is written once
   * and answers `written` again; so a write of unknown outcome may be repeated, and what was held up on its way
   * lands before the next write or never.
   */
  commit(commit: SessionCommit): Promise<CommitOutcome>
}

/** How many earlier versions of the credentials a store keeps. */
export const CREDS_HISTORY_VERSIONS = 5
