/**
 * Judges who has written: the process that made the session's newest epoch, or somebody else. Pure. A write that a
 * dead process had sent and the network held up is the one that matters: it lands after its successor's takeover.
 */

import type { AuditRow } from './session-audit.ts'

export interface StaleWrite {
  readonly table: string
  readonly epoch: number
  /** Names of processes. */
  readonly writer: string
  /** Undefined when nobody had taken the session yet. */
  readonly holder: string | undefined
}

export class StaleWriteJudge {
  /** Session → the process that took it last. */
  readonly #holders = new Map<string, string>()

  /**
   * @param rows in the database's order, the first call's being the first of the sessions' lives
   * @param processOf the name of the process that wrote the row
   */
  judge(rows: readonly AuditRow[], processOf: (row: AuditRow) => string): StaleWrite[] {
    const stale: StaleWrite[] = []
    for (const row of rows) {
      const writer = processOf(row)
      const holder = this.#holders.get(row.sessionId)
      if (row.isTakeover) this.#holders.set(row.sessionId, writer)
      else if (writer !== holder) stale.push({ table: row.table, epoch: row.epoch, writer, holder })
    }
    return stale
  }
}
