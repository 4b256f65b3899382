/**
 * The session store's statements. Each is a transaction of its own under READ COMMITTED, and safe there:
 *
 * - A write of creds or keys first takes the lease row FOR SHARE, by epoch, in the CTE `lease`, and does
 *   everything FROM it. A takeover is an UPDATE of that row. Whichever locks first makes the other wait: a
 *   takeover waits until the write has committed; a write that waited re-checks the epoch on the new row
 *   version, finds none, and writes nothing. So after a takeover returned no stale write can appear.
 *   (FOR KEY SHARE would not do: it does not conflict with an UPDATE that leaves the key alone.)
 * - Every statement locks the lease row before any other, so two of them cannot deadlock over it.
 * - All parts of a statement see one snapshot, taken before any wait. What must be current is therefore
 *   taken from the locked row or from ON CONFLICT, never from a second look at a table. A commit that finds
 *   another one in between (`overtaken`) writes nothing: it has to be asked again, under a new snapshot.
 */

import type { Statement } from './postgres-statement.ts'

export const SQL = {
  readLease: {
    name: 'read-lease',
    isWrite: false,
    text: `SELECT owner, epoch, counter, is_released, halted_by FROM blacksky_lease WHERE session_id = $1`,
  },

  // Of two first takers one inserts; the other waits for that commit on the primary key and gets no row.
  insertLease: {
    name: 'insert-lease',
    isWrite: true,
    text: `
      INSERT INTO blacksky_lease (session_id, owner, epoch, counter, is_released, halted_by, attempt_times_ms)
      VALUES ($1, $2, 1, 0, false, NULL, '{}')
      ON CONFLICT (session_id) DO NOTHING
      RETURNING owner, epoch, counter, is_released, halted_by`,
  },

  // Of two takers one updates; the other waits for that commit, re-checks (epoch, counter) and gets no row.
  takeLease: {
    name: 'take-lease',
    isWrite: true,
    text: `
      UPDATE blacksky_lease SET owner = $2, epoch = epoch + 1, counter = 0, is_released = false
      WHERE session_id = $1 AND epoch = $3 AND counter = $4
      RETURNING owner, epoch, counter, is_released, halted_by`,
  },

  renewLease: {
    name: 'renew-lease',
    isWrite: true,
    text: `
      UPDATE blacksky_lease SET counter = counter + 1
      WHERE session_id = $1 AND owner = $2 AND epoch = $3 AND NOT is_released
      RETURNING counter, halted_by, false AS is_charged, '{}'::bigint[] AS attempt_times_ms`,
  },

  // The row is locked before its attempts are read, so two charges count one after the other.
  renewAndCharge: {
    name: 'renew-and-charge',
    isWrite: true,
    text: `
      WITH lease AS (
        SELECT session_id, counter, attempt_times_ms FROM blacksky_lease
        WHERE session_id = $1 AND owner = $2 AND epoch = $3 AND NOT is_released
        FOR NO KEY UPDATE
      ), recent AS (
        SELECT session_id, counter, ARRAY(
          SELECT least(made_ms, $4::bigint) FROM unnest(attempt_times_ms) AS made_ms
          WHERE made_ms > $5::bigint ORDER BY 1
        ) AS times FROM lease
      ), charged AS (
        SELECT session_id, counter, cardinality(times) < $6::integer AS has_room, times FROM recent
      )
      UPDATE blacksky_lease AS l SET
        counter = c.counter + 1,
        attempt_times_ms = CASE WHEN c.has_room THEN c.times || $4::bigint ELSE c.times END
      FROM charged AS c WHERE l.session_id = c.session_id
      RETURNING l.counter, l.halted_by, c.has_room AS is_charged, l.attempt_times_ms`,
  },

  releaseLease: {
    name: 'release-lease',
    isWrite: true,
    text: `
      UPDATE blacksky_lease SET is_released = true
      WHERE session_id = $1 AND owner = $2 AND epoch = $3 RETURNING 1`,
  },

  haltSession: {
    name: 'halt-session',
    isWrite: true,
    text: `UPDATE blacksky_lease SET halted_by = $3 WHERE session_id = $1 AND epoch = $2 RETURNING 1`,
  },

  readCreds: {
    name: 'read-creds',
    isWrite: false,
    text: `SELECT value FROM blacksky_creds WHERE session_id = $1 ORDER BY version DESC LIMIT 1`,
  },

  readCredsHistory: {
    name: 'read-creds-history',
    isWrite: false,
    text: `
      SELECT version, written_at_ms, value FROM blacksky_creds WHERE session_id = $1 ORDER BY version DESC`,
  },

  // The length keeps an id that is no counter from overflowing.
  readHighestKeyId: {
    name: 'read-highest-key-id',
    isWrite: false,
    text: `
      SELECT max(id::bigint) AS highest FROM blacksky_keys
      WHERE session_id = $1 AND type = $2 AND id ~ '^[0-9]{1,15}$'`,
  },

  readKeys: {
    name: 'read-keys',
    isWrite: false,
    text: `
      SELECT id, value FROM blacksky_keys
      WHERE session_id = $1 AND type = $2 AND id = ANY ($3::text[]) ORDER BY id`,
  },
} as const satisfies Record<string, Statement>

export interface CommitParts {
  readonly hasCreds: boolean
  readonly hasPuts: boolean
  readonly hasDeletions: boolean
}

/**
 * The commit with the parts it needs, prepared under a name of its own: a part that finds nothing to do
 * costs a walk through the session's keys where the planner has no statistics yet. Values: $1 session,
 * $2 epoch, $3 sequence, then those of each part in this order: creds (value, time, versions kept), puts
 * (types, ids, values), deletions (types, ids). One row with the `outcome`, or none when the epoch is stale.
 */
export function commitStatement(parts: CommitParts): Statement {
  const { hasCreds, hasPuts, hasDeletions } = parts
  const name = `commit${hasCreds ? '-creds' : ''}${hasPuts ? '-put' : ''}${hasDeletions ? '-delete' : ''}`
  let statement = commits.get(name)
  if (statement === undefined) {
    const steps = [LEASE, TURN]
    let next = 4
    const add = (step: CommitStep): void => {
      steps.push(step.text(...Array.from({ length: step.valueCount }, () => `$${next++}`)))
    }
    if (hasCreds) add(WRITE_CREDS)
    if (hasPuts) add(PUT_KEYS)
    if (hasDeletions) add(DELETE_KEYS)
    statement = { name, isWrite: true, text: `WITH ${steps.join(', ')} SELECT outcome FROM offered` }
    commits.set(name, statement)
  }
  return statement
}

/** Texts by name, made once; at most eight. */
const commits = new Map<string, Statement>()

interface CommitStep {
  readonly valueCount: number
  text(...values: string[]): string
}

const LEASE = `lease AS (
  SELECT session_id FROM blacksky_lease WHERE session_id = $1 AND epoch = $2 FOR SHARE
)`

/** Next in order, and no other write landed since the snapshot (the row may be newer than the snapshot's). */
const IS_NEXT = `((w.epoch, w.sequence) < (excluded.epoch, excluded.sequence)
  AND (w.epoch, w.sequence) = (SELECT s.epoch, s.sequence FROM blacksky_writes AS s WHERE s.session_id = $1))`

// The order is decided on the locked row; that row is also what makes two commits go one after the other.
const TURN = `offered AS (
  INSERT INTO blacksky_writes AS w (session_id, epoch, sequence, outcome)
  SELECT session_id, $2::bigint, $3::bigint, 'written' FROM lease
  ON CONFLICT (session_id) DO UPDATE SET
    epoch = CASE WHEN ${IS_NEXT} THEN excluded.epoch ELSE w.epoch END,
    sequence = CASE WHEN ${IS_NEXT} THEN excluded.sequence ELSE w.sequence END,
    outcome = CASE
      WHEN ${IS_NEXT} THEN 'written'
      WHEN (w.epoch, w.sequence) = (excluded.epoch, excluded.sequence) THEN 'repeated'
      WHEN (w.epoch, w.sequence) > (excluded.epoch, excluded.sequence) THEN 'superseded'
      ELSE 'overtaken'
    END
  RETURNING session_id, outcome
), turn AS (
  SELECT session_id FROM offered WHERE outcome = 'written'
)`

const WRITE_CREDS: CommitStep = {
  valueCount: 3,
  text: (value, nowMs, keptVersions) => `new_creds AS (
    INSERT INTO blacksky_creds (session_id, version, value, written_at_ms)
    SELECT $1, 1 + coalesce((SELECT max(version) FROM blacksky_creds WHERE session_id = $1), 0),
      ${value}::bytea, ${nowMs}::bigint
    FROM turn
    RETURNING version
  ), old_creds AS (
    DELETE FROM blacksky_creds AS c USING new_creds AS n
    WHERE c.session_id = $1 AND c.version <= n.version - ${keptVersions}::integer
  )`,
}

const PUT_KEYS: CommitStep = {
  valueCount: 3,
  text: (types, ids, values) => `put_keys AS (
    INSERT INTO blacksky_keys (session_id, type, id, value)
    SELECT $1, k.type, k.id, k.value
    FROM turn, unnest(${types}::text[], ${ids}::text[], ${values}::bytea[]) AS k (type, id, value)
    ON CONFLICT (session_id, type, id) DO UPDATE SET value = excluded.value
  )`,
}

const DELETE_KEYS: CommitStep = {
  valueCount: 2,
  text: (types, ids) => `deleted_keys AS (
    DELETE FROM blacksky_keys AS k USING turn, unnest(${types}::text[], ${ids}::text[]) AS d (type, id)
    WHERE k.session_id = $1 AND k.type = d.type AND k.id = d.id
  )`,
}
