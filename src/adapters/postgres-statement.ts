/**
 * Runs one named prepared statement and turns its failure into an AppError. Connecting and querying are two
 * steps here because only a failure of the second leaves a write's outcome open. bigint comes back as
 * number (all of ours are times and counters below 2^53), by parsers of these queries alone.
 */

import pg from 'pg'
import { toStoreError } from './postgres-errors.ts'

export interface Statement {
  /** Prepared under this name once a connection; one text per name. */
  readonly name: string
  readonly isWrite: boolean
  readonly text: string
}

/**
 * The rows of one statement, run in a transaction of its own.
 * @throws AppError `store-*`
 */
export async function runStatement<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  statement: Statement,
  values: unknown[],
): Promise<Row[]> {
  const { name, text, isWrite } = statement
  let client: pg.PoolClient
  try {
    client = await pool.connect()
  } catch (error) {
    throw toStoreError(error, { phase: 'connect', isWrite })
  }
  try {
    const result = await client.query<Row>({ name, text, values, types: NUMBERS })
    client.release()
    return result.rows
  } catch (error) {
    // A client after a failure may still have the statement running: the next one takes a new connection.
    client.release(true)
    throw toStoreError(error, { phase: 'statement', isWrite })
  }
}

const INT8 = 20
const INT8_ARRAY = 1016

const NUMBERS: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8) return Number
    if (oid === INT8_ARRAY) return parseNumbers
    return pg.types.getTypeParser(oid, format ?? 'text') as (value: string) => unknown
  },
}

/** `{1,2}` → [1, 2]. */
function parseNumbers(text: string): number[] {
  return text === '{}' ? [] : text.slice(1, -1).split(',').map(Number)
}
