/**
 * Judges what a database holds before and after migrating: nothing, ours, another application's, or a newer
 * release's. Pure; postgres-migrate.ts reads the facts and acts. The columns are listed here a second time
 * on purpose: a table of the same name with other columns is somebody else's, and must not be touched.
 * Surprising: a newer release's migration whose name begins with `additive-` is one that this release can live
 * with, so that an update can be rolled back, and old and new dyno can share the database during a deploy.
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
  blacksky_writes: ['epoch', 'outcome', 'sequence', 'session_id'],
  blacksky_replies: ['chat', 'recorded_at_ms', 'reply_id', 'session_id', 'state', 'text', 'text_bytes'],
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
  const unknown = applied.filter((name) => !known.includes(name))
  const barrier = unknown.find((name) => !ADDITIVE.test(name))
  const hasAllKnown = known.every((name) => applied.includes(name))
  if (barrier !== undefined || (unknown.length > 0 && !hasAllKnown)) {
    const name = barrier ?? unknown[0]
    return hasAllKnown
      ? { kind: 'newer', reason: `migration ${name} was made by a newer release than this one` }
      : { kind: 'foreign', reason: `migration ${name} is none of this bot's` }
  }
  if (!hasAllKnown) return { kind: 'behind' }
  const mayHaveMore = unknown.length > 0
  const odd = Object.entries(COLUMNS).find(
    ([table, columns]) => !hasColumns(facts.tables[table], columns, mayHaveMore),
  )
  if (odd === undefined) return { kind: 'current' }
  return { kind: 'foreign', reason: `table ${odd[0]} does not have the columns ${odd[1].join(', ')}` }
}

/** Adds tables, indexes or columns with defaults, and takes nothing away. */
const ADDITIVE = /^\d+_additive-/

function hasColumns(
  found: readonly string[] | undefined,
  expected: readonly string[],
  mayHaveMore: boolean,
): boolean {
  if (found === undefined) return false
  const relevant = mayHaveMore ? found.filter((column) => expected.includes(column)) : found
  return relevant.toSorted().join() === expected.join()
}
