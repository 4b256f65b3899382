/**
 * The session store over an InMemoryDatabase: the values and the order that Postgres gives, at the price of
 * a few map look-ups, because the searching lab makes thousands of calls in a simulated hour. Nothing is
 * sealed, nothing fails and nothing waits: faults and latency are drawn above the store.
 */

import { CREDS_HISTORY_VERSIONS } from '../../src/ports/session-store.ts'
import { compareByteOrder } from './byte-order.ts'
import type {
  AttemptCharge,
  CommitOutcome,
  CredsVersion,
  LeaseRenewal,
  LeaseRow,
  LeaseStamp,
  SessionCommit,
  SessionStore,
  StoredKey,
  WriteOutcome,
} from '../../src/ports/session-store.ts'
import type { InMemoryDatabase, LeaseCell, SessionRows } from './in-memory-database.ts'

export class InMemorySessionStore implements SessionStore {
  readonly #rows: SessionRows

  constructor(options: { readonly database: InMemoryDatabase; readonly sessionId: string }) {
    this.#rows = options.database.session(options.sessionId)
  }

  readLease(): Promise<LeaseRow | undefined> {
    const { lease } = this.#rows
    return Promise.resolve(lease === undefined ? undefined : leaseRow(lease))
  }

  takeLease(take: {
    readonly owner: string
    readonly expected: LeaseStamp | undefined
  }): Promise<LeaseRow | undefined> {
    const { owner, expected } = take
    const { lease } = this.#rows
    if (lease?.epoch !== expected?.epoch || lease?.counter !== expected?.counter)
      return Promise.resolve(undefined)
    const taken: LeaseCell = {
      owner,
      epoch: (lease?.epoch ?? 0) + 1,
      counter: 0,
      isReleased: false,
      haltedBy: lease?.haltedBy,
      attemptTimesMs: lease?.attemptTimesMs ?? [],
    }
    this.#rows.lease = taken
    return Promise.resolve(leaseRow(taken))
  }

  renewLease(renewal: {
    readonly owner: string
    readonly epoch: number
    readonly charge?: AttemptCharge
  }): Promise<LeaseRenewal> {
    const { owner, epoch, charge } = renewal
    const { lease } = this.#rows
    if (lease === undefined || lease.owner !== owner || lease.epoch !== epoch || lease.isReleased) {
      return Promise.resolve({ status: 'lost' })
    }
    lease.counter += 1
    const isCharged = charge !== undefined && chargeAttempt(lease, charge)
    return Promise.resolve({
      status: 'renewed',
      counter: lease.counter,
      haltedBy: lease.haltedBy,
      isCharged,
      attemptTimesMs: charge === undefined ? [] : lease.attemptTimesMs,
    })
  }

  releaseLease(release: { readonly owner: string; readonly epoch: number }): Promise<boolean> {
    const { lease } = this.#rows
    if (lease === undefined || lease.owner !== release.owner || lease.epoch !== release.epoch) {
      return Promise.resolve(false)
    }
    lease.isReleased = true
    return Promise.resolve(true)
  }

  haltSession(halt: { readonly epoch: number; readonly cause: string }): Promise<WriteOutcome> {
    const { lease } = this.#rows
    if (lease?.epoch !== halt.epoch) return Promise.resolve('stale-epoch')
    lease.haltedBy = halt.cause
    return Promise.resolve('written')
  }

  readCreds(): Promise<string | undefined> {
    return Promise.resolve(this.#rows.creds.at(-1)?.value)
  }

  readCredsHistory(): Promise<readonly CredsVersion[]> {
    const versions = this.#rows.creds.map((cell) => ({ ...cell, problem: undefined }))
    return Promise.resolve(versions.toReversed())
  }

  readHighestKeyId({ type }: { readonly type: string }): Promise<number | undefined> {
    let highest: number | undefined
    for (const id of this.#rows.keys.get(type)?.keys() ?? []) {
      if (/^\d{1,15}$/.test(id)) highest = Math.max(highest ?? 0, Number(id))
    }
    return Promise.resolve(highest)
  }

  readKeys(query: { readonly type: string; readonly ids: readonly string[] }): Promise<readonly StoredKey[]> {
    const keys = this.#rows.keys.get(query.type)
    const found: StoredKey[] = []
    if (keys === undefined) return Promise.resolve(found)
    const ids = query.ids.length > 1 ? [...new Set(query.ids)].toSorted(compareByteOrder) : query.ids
    for (const id of ids) {
      const value = keys.get(id)
      if (value !== undefined) found.push({ id, value })
    }
    return Promise.resolve(found)
  }

  commit(commit: SessionCommit): Promise<CommitOutcome> {
    const rows = this.#rows
    const { epoch, sequence } = commit
    if (rows.lease?.epoch !== epoch) return Promise.resolve('stale-epoch')
    const newest = rows.newestWrite
    if (newest?.epoch === epoch && newest.sequence >= sequence) {
      return Promise.resolve(newest.sequence === sequence ? 'written' : 'superseded')
    }
    rows.newestWrite = { epoch, sequence }
    if (commit.creds !== undefined) {
      const version = (rows.creds.at(-1)?.version ?? 0) + 1
      rows.creds.push({ version, writtenAtMs: commit.nowMs, value: commit.creds })
      if (rows.creds.length > CREDS_HISTORY_VERSIONS + 1) rows.creds.shift()
    }
    for (const { type, id, value } of commit.keys ?? []) {
      if (value === undefined) rows.keys.get(type)?.delete(id)
      else keysOfType(rows, type).set(id, value)
    }
    return Promise.resolve('written')
  }
}

function leaseRow({ owner, epoch, counter, isReleased, haltedBy }: LeaseCell): LeaseRow {
  return { owner, epoch, counter, isReleased, haltedBy }
}

/** Replaces the list instead of changing it: an earlier answer may still hold it. */
function chargeAttempt(lease: LeaseCell, { nowMs, windowMs, maxAttempts }: AttemptCharge): boolean {
  const times: number[] = []
  for (const madeMs of lease.attemptTimesMs) {
    if (madeMs > nowMs - windowMs) times.push(Math.min(madeMs, nowMs))
  }
  times.sort((a, b) => a - b)
  const hasRoom = times.length < maxAttempts
  if (hasRoom) times.push(nowMs)
  lease.attemptTimesMs = times
  return hasRoom
}

function keysOfType(rows: SessionRows, type: string): Map<string, string> {
  let keys = rows.keys.get(type)
  if (keys === undefined) {
    keys = new Map()
    rows.keys.set(type, keys)
  }
  return keys
}
