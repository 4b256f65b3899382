/** The smallest thing that answers like the store's lease operations; every operation is one atomic step. */

import type { LeaseRow, LeaseStamp, SessionStore } from '../../../src/ports/session-store.ts'

type Renew = Parameters<SessionStore['renewLease']>[0]

export class LeaseTable {
  row: LeaseRow | undefined
  attemptTimesMs: number[] = []

  take(owner: string, expected: LeaseStamp | undefined): LeaseRow | undefined {
    if (this.row?.epoch !== expected?.epoch || this.row?.counter !== expected?.counter) return undefined
    const epoch = (this.row?.epoch ?? 0) + 1
    this.row = { owner, epoch, counter: 0, isReleased: false, haltedBy: this.row?.haltedBy }
    return this.row
  }

  renew({ owner, epoch, charge }: Renew): Awaited<ReturnType<SessionStore['renewLease']>> {
    const { row } = this
    if (row?.owner !== owner || row.epoch !== epoch || row.isReleased) return { status: 'lost' }
    this.row = { ...row, counter: row.counter + 1 }
    const { counter, haltedBy } = this.row
    if (charge === undefined)
      return { status: 'renewed', counter, haltedBy, isCharged: false, attemptTimesMs: [] }
    const recent = this.attemptTimesMs.filter((atMs) => atMs > charge.nowMs - charge.windowMs)
    const isCharged = recent.length < charge.maxAttempts
    this.attemptTimesMs = isCharged ? [...recent, charge.nowMs] : recent
    return { status: 'renewed', counter, haltedBy, isCharged, attemptTimesMs: this.attemptTimesMs }
  }

  release(owner: string, epoch: number): boolean {
    if (this.row?.owner !== owner || this.row.epoch !== epoch) return false
    this.row = { ...this.row, isReleased: true }
    return true
  }
}

/** How one operation reaches the table: `land` runs it there and gives its result. */
export type Access = <Result>(name: string, land: () => Result) => Promise<Result>

function absent(): Promise<never> {
  return Promise.reject(new Error('only lease operations are expected here'))
}

/** A store over the table whose every lease operation goes through `access`; it has nothing else. */
export function leaseStoreOf(table: LeaseTable, access: Access): SessionStore {
  return {
    readLease: () => access('readLease', () => table.row),
    takeLease: ({ owner, expected }) => access('takeLease', () => table.take(owner, expected)),
    renewLease: (renewal) => access('renewLease', () => table.renew(renewal)),
    releaseLease: ({ owner, epoch }) => access('releaseLease', () => table.release(owner, epoch)),
    haltSession: absent,
    readCreds: absent,
    readCredsHistory: absent,
    readHighestKeyId: absent,
    readKeys: absent,
    commit: absent,
  }
}
