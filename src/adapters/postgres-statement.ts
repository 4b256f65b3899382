/**
 * Runs one named prepared statement and turns its failure into an AppError. Connecting and querying are two
 * steps here because only a failure of the second leaves a write's outcome open. bigint comes back as
 * number (all of ours are times and counters below 2^53), by parsers of these queries alone.
 */

import { toStoreError } from './postgres-errors.ts'
import type { CustomTypesConfig, Pool, PoolClient, QueryResultRow } from 'pg'

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
export async function runStatement<Row extends QueryResultRow>(
  pool: Pool,
  statement: Statement,
  values: unknown[],
): Promise<Row[]> {
  const { name, text, isWrite } = statement
  let client: PoolClient
  try {
    client = await pool.connect()
  } catch (error) {
    throw toStoreError(error, { phase: 'connect', isWrite })
  }
  try {
    const result = await client.query<Row>({ name, text, values, types: TYPES })
    client.release()
    return result.rows
  } catch (error) {
    // A client after a failure may still have the statement running: the next one takes a new connection.
    client.release(true)
    throw toStoreError(error, { phase: 'statement', isWrite })
  }
}

/** By type oid, everything that our statements return; text and varchar stay as they are. */
const PARSERS: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [16, (text) => text === 't'], // boolean
  [17, parseBytes], // bytea
  [20, Number], // bigint
  [23, Number], // integer
  [1016, parseNumbers], // bigint[]
])

const TYPES: CustomTypesConfig = {
  getTypeParser: (oid: number) => PARSERS.get(oid) ?? String,
}

/** `\x0a0b` → bytes; the server's bytea_output default since 9.0. */
function parseBytes(text: string): Uint8Array {
  return Buffer.from(text.slice(2), 'hex')
}

/** `{1,2}` → [1, 2]. */
function parseNumbers(text: string): number[] {
  return text === '{}' ? [] : text.slice(1, -1).split(',').map(Number)
}
