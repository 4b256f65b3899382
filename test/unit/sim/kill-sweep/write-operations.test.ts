/** The sweep's table of writes against the statements that the bot really has. */

import { expect, it } from 'vitest'
import { SQL as JOURNAL_SQL } from '../../../../src/adapters/postgres-journal-sql.ts'
import { SQL as SESSION_SQL, commitStatement } from '../../../../src/adapters/postgres-session-sql.ts'
import { NOT_SWEPT, WRITE_OPERATIONS } from '../../../../sim/kill-sweep/write-operations.ts'

const BOTH = [true, false]

it('names every write of session and journal once, as swept or as left out', () => {
  const commits = BOTH.flatMap((hasCreds) =>
    BOTH.flatMap((hasPuts) =>
      BOTH.map((hasDeletions) => commitStatement({ hasCreds, hasPuts, hasDeletions })),
    ),
  )
  const statements = [...Object.values(SESSION_SQL), ...Object.values(JOURNAL_SQL), ...commits]
  const writes = statements.filter(({ isWrite }) => isWrite).map(({ name }) => name)
  const known = [...WRITE_OPERATIONS.map(({ name }) => name), ...Object.keys(NOT_SWEPT)]
  expect(known.toSorted()).toEqual(writes.toSorted())
})
