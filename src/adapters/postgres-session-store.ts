/**
 * The session store on Postgres: lease, credentials and Signal keys, one statement an operation. Values are
 * sealed before they leave and opened after they arrive. The statements' safety against a concurrent
 * takeover is explained where they stand (postgres-session-sql.ts).
 */

import type pg from 'pg'
import { AppError, errorCodeOf } from '../errors.ts'
import { CREDS_HISTORY_VERSIONS } from '../ports/session-store.ts'
import { runStatement } from './postgres-statement.ts'
import { SQL, commitStatement } from './postgres-session-sql.ts'
import type { RowCipher, RowIdentity } from '../ports/row-cipher.ts'
import type {
  AttemptCharge,
  CommitOutcome,
  CredsVersion,
  KeyChange,
  LeaseRenewal,
  LeaseRow,
  LeaseStamp,
  SessionCommit,
  SessionStore,
  StoredKey,
  WriteOutcome,
} from '../ports/session-store.ts'

export interface PostgresStoreOptions {
  readonly pool: pg.Pool
  readonly sessionId: string
  readonly cipher: RowCipher
}

interface LeaseColumns {
  readonly owner: string
  readonly epoch: number
  readonly counter: number
  readonly is_released: boolean
  readonly halted_by: string | null
}

interface RenewalColumns {
  readonly counter: number
  readonly halted_by: string | null
  readonly is_charged: boolean
  readonly attempt_times_ms: number[]
}

interface VersionColumns {
  readonly version: number
  readonly written_at_ms: number
  readonly value: Uint8Array
}

/** Creds have no type of their own among the Signal keys, so their seal carries this name and no id. */
const CREDS_IDENTITY: RowIdentity = { type: 'creds', id: '' }

export class PostgresSessionStore implements SessionStore {
  readonly #pool: pg.Pool
  readonly #sessionId: string
  readonly #cipher: RowCipher

  constructor(options: PostgresStoreOptions) {
    this.#pool = options.pool
    this.#sessionId = options.sessionId
    this.#cipher = options.cipher
  }

  async readLease(): Promise<LeaseRow | undefined> {
    const [row] = await runStatement<LeaseColumns>(this.#pool, SQL.readLease, [this.#sessionId])
    return row === undefined ? undefined : leaseOf(row)
  }

  async takeLease(take: {
    readonly owner: string
    readonly expected: LeaseStamp | undefined
  }): Promise<LeaseRow | undefined> {
    const { owner, expected } = take
    const [row] =
      expected === undefined
        ? await runStatement<LeaseColumns>(this.#pool, SQL.insertLease, [this.#sessionId, owner])
        : await runStatement<LeaseColumns>(this.#pool, SQL.takeLease, [
            this.#sessionId,
            owner,
            expected.epoch,
            expected.counter,
          ])
    return row === undefined ? undefined : leaseOf(row)
  }

  async renewLease(renewal: {
    readonly owner: string
    readonly epoch: number
    readonly charge?: AttemptCharge
  }): Promise<LeaseRenewal> {
    const { owner, epoch, charge } = renewal
    const holder = [this.#sessionId, owner, epoch]
    const [row] =
      charge === undefined
        ? await runStatement<RenewalColumns>(this.#pool, SQL.renewLease, holder)
        : await runStatement<RenewalColumns>(this.#pool, SQL.renewAndCharge, [
            ...holder,
            charge.nowMs,
            charge.nowMs - charge.windowMs,
            charge.maxAttempts,
          ])
    if (row === undefined) return { status: 'lost' }
    return {
      status: 'renewed',
      counter: row.counter,
      haltedBy: row.halted_by ?? undefined,
      isCharged: row.is_charged,
      attemptTimesMs: row.attempt_times_ms,
    }
  }

  async releaseLease(release: { readonly owner: string; readonly epoch: number }): Promise<boolean> {
    const rows = await runStatement(this.#pool, SQL.releaseLease, [
      this.#sessionId,
      release.owner,
      release.epoch,
    ])
    return rows.length > 0
  }

  async haltSession(halt: { readonly epoch: number; readonly cause: string }): Promise<WriteOutcome> {
    const rows = await runStatement(this.#pool, SQL.haltSession, [this.#sessionId, halt.epoch, halt.cause])
    return rows.length > 0 ? 'written' : 'stale-epoch'
  }

  async readCreds(): Promise<string | undefined> {
    const [row] = await runStatement<{ value: Uint8Array }>(this.#pool, SQL.readCreds, [this.#sessionId])
    return row === undefined ? undefined : this.#cipher.open(row.value, CREDS_IDENTITY)
  }

  async readCredsHistory(): Promise<readonly CredsVersion[]> {
    const rows = await runStatement<VersionColumns>(this.#pool, SQL.readCredsHistory, [this.#sessionId])
    return rows.map((row) => this.#versionOf(row))
  }

  async readHighestKeyId(query: { readonly type: string }): Promise<number | undefined> {
    const [row] = await runStatement<{ highest: number | null }>(this.#pool, SQL.readHighestKeyId, [
      this.#sessionId,
      query.type,
    ])
    return row?.highest ?? undefined
  }

  async readKeys(query: {
    readonly type: string
    readonly ids: readonly string[]
  }): Promise<readonly StoredKey[]> {
    const { type, ids } = query
    const rows = await runStatement<{ id: string; value: Uint8Array }>(this.#pool, SQL.readKeys, [
      this.#sessionId,
      type,
      ids,
    ])
    return rows.map(({ id, value }) => ({ id, value: this.#cipher.open(value, { type, id }) }))
  }

  async commit(commit: SessionCommit): Promise<CommitOutcome> {
    const { epoch, sequence, nowMs, creds, keys = [] } = commit
    const puts = keys.filter(isPut)
    const deletions = keys.filter((change) => change.value === undefined)
    const values: unknown[] = [this.#sessionId, epoch, sequence]
    if (creds !== undefined)
      values.push(this.#cipher.seal(creds, CREDS_IDENTITY), nowMs, CREDS_HISTORY_VERSIONS + 1)
    if (puts.length > 0) {
      values.push(
        puts.map(({ type }) => type),
        puts.map(({ id }) => id),
        puts.map(({ type, id, value }) => this.#cipher.seal(value, { type, id })),
      )
    }
    if (deletions.length > 0) {
      values.push(
        deletions.map(({ type }) => type),
        deletions.map(({ id }) => id),
      )
    }
    const statement = commitStatement({
      hasCreds: creds !== undefined,
      hasPuts: puts.length > 0,
      hasDeletions: deletions.length > 0,
    })
    const [row] = await runStatement<{ outcome: OfferOutcome }>(this.#pool, statement, values)
    return row === undefined ? 'stale-epoch' : commitOutcome(row.outcome)
  }

  #versionOf(row: VersionColumns): CredsVersion {
    const head = { version: row.version, writtenAtMs: row.written_at_ms }
    try {
      return { ...head, value: this.#cipher.open(row.value, CREDS_IDENTITY), problem: undefined }
    } catch (error) {
      const problem = errorCodeOf(error) === 'encryption-key-missing' ? 'key-missing' : 'corrupt'
      return { ...head, value: undefined, problem }
    }
  }
}

/** What became of a write when its turn was decided (postgres-session-sql.ts). */
type OfferOutcome = 'written' | 'repeated' | 'superseded' | 'overtaken'

function commitOutcome(outcome: OfferOutcome): CommitOutcome {
  switch (outcome) {
    case 'written':
    case 'repeated':
      return 'written'
    case 'superseded':
      return 'superseded'
    case 'overtaken':
      throw new AppError('store-unavailable', 'an earlier write of this session landed meanwhile: ask again')
    default:
      return outcome satisfies never
  }
}

function leaseOf(row: LeaseColumns): LeaseRow {
  const { owner, epoch, counter } = row
  return { owner, epoch, counter, isReleased: row.is_released, haltedBy: row.halted_by ?? undefined }
}

function isPut(change: KeyChange): change is KeyChange & { readonly value: string } {
  return change.value !== undefined
}
