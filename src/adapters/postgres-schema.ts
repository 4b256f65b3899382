/**
 * Judges what a database holds before and after migrating: nothing, ours, another application's, or a newer
 * release's. Pure; postgres-migrate.ts reads the facts and acts. The columns are listed here a second time
 * on purpose: a table of the same name with other columns is somebody else's, and must not be touched.
 */

export interface SchemaFacts {
  /** Names in our migrations table, in the order they ran; undefined when there is no such table. */
  readonly applied: readonly string[] | undefined
  /** Column names by table, of all tables that bear one of our names. */
  readonly tables: Readonly<Record<string, readonly string[]>>
}

export type SchemaVerdict =
  | { readonly kind: 'empty' | 'current' | 'behind' }
  | { readonly kind: 'foreign' | 'newer'; readonly reason: string }

export const MIGRATIONS_TABLE = 'blacksky_migrations'

/** Columns after the last migration, in alphabetical order. */
export const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  blacksky_creds: ['session_id', 'value', 'version', 'written_at_ms'],
  blacksky_inbound: [
    'chat',
    'deliveries',
    'id',
    'participant',
    'recorded_at_ms',
    'sent_at_ms',
    'session_id',
    'state',
    'text',
  ],
  blacksky_keys: ['id', 'session_id', 'type', 'value'],
  blacksky_lease: ['attempt_times_ms', 'counter', 'epoch', 'halted_by', 'is_released', 'owner', 'session_id'],
  blacksky_replies: ['chat', 'recorded_at_ms', 'reply_id', 'session_id', 'state', 'text'],
}

/** @param known the names of this release's migrations, in order */
export function assessSchema(facts: SchemaFacts, known: readonly string[]): SchemaVerdict {
  const applied = facts.applied ?? []
  const present = Object.keys(facts.tables).toSorted()
  if (applied.length === 0) {
    const [table] = present
    if (table === undefined) return { kind: 'empty' }
    return { kind: 'foreign', reason: `table ${table} exists, but no migration of this bot made it` }
  }
  const unknown = applied.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const isNewer = known.every((name) => applied.includes(name))
    return isNewer
      ? { kind: 'newer', reason: `migration ${unknown} was made by a newer release than this one` }
      : { kind: 'foreign', reason: `migration ${unknown} is none of this bot's` }
  }
  if (applied.length < known.length) return { kind: 'behind' }
  const odd = Object.entries(COLUMNS).find(([table, columns]) => !isSame(facts.tables[table], columns))
  if (odd === undefined) return { kind: 'current' }
  return { kind: 'foreign', reason: `table ${odd[0]} does not have the columns ${odd[1].join(', ')}` }
}

function isSame(found: readonly string[] | undefined, expected: readonly string[]): boolean {
  return found !== undefined && found.toSorted().join() === expected.join()
}
