/** Who may write into a session: the process that took it last. */

import { expect, it } from 'vitest'
import type { AuditRow } from '../../../../sim/kill-sweep/session-audit.ts'
import { StaleWriteJudge } from '../../../../sim/kill-sweep/stale-writes.ts'

let place = 0

function row(backendPid: number, changes: Partial<AuditRow> = {}): AuditRow {
  place += 1
  const plain = { place, sessionId: 's', table: 'blacksky_keys', epoch: 1, isTakeover: false, atMs: 0 }
  return { ...plain, backendPid, ...changes }
}

function takeover(backendPid: number, changes: Partial<AuditRow> = {}): AuditRow {
  return row(backendPid, { table: 'blacksky_lease', isTakeover: true, ...changes })
}

/** Tens are connections of one process. */
const processOf = ({ backendPid }: AuditRow): string => `bot-${Math.floor(backendPid / 10)}`

it('lets the holder write over any of its connections', () => {
  const judge = new StaleWriteJudge()
  expect(judge.judge([takeover(10), row(11), row(12)], processOf)).toEqual([])
})

it('finds a write of a process whose successor has taken the session, also in a later look', () => {
  const judge = new StaleWriteJudge()
  expect(judge.judge([takeover(10), row(11), takeover(20)], processOf)).toEqual([])
  expect(judge.judge([row(21), row(12, { epoch: 2 })], processOf)).toEqual([
    { table: 'blacksky_keys', epoch: 2, writer: 'bot-1', holder: 'bot-2' },
  ])
})

it('finds a write before anybody has taken the session', () => {
  const [stale] = new StaleWriteJudge().judge([row(10)], processOf)
  expect(stale).toMatchObject({ writer: 'bot-1', holder: undefined })
})

it('keeps sessions apart', () => {
  const judge = new StaleWriteJudge()
  const rows = [takeover(10), takeover(20, { sessionId: 't' }), row(10), row(20, { sessionId: 't' })]
  expect(judge.judge(rows, processOf)).toEqual([])
})
