/**
 * Which process has written into the session, as the database itself saw it: triggers in the lab's own database note
 * each changed row in order, with the server's process that changed it. What is stale needs no word of the bot: once
 * a process has taken the session over, no other one may write until it takes it in its turn.
 */

import pg from 'pg'

/** One statement's changes of one table. */
export interface AuditRow {
  readonly place: number
  readonly sessionId: string
  readonly table: string
  /** Of the session's lease at that moment, as the database held it. */
  readonly epoch: number
  /** True when this very change made or raised the epoch. */
  readonly isTakeover: boolean
  readonly backendPid: number
  /** By the server's clock, ms since 1970: process ids begin anew with a container. */
  readonly atMs: number
}

const TABLES = ['blacksky_creds', 'blacksky_keys', 'blacksky_writes', 'blacksky_inbound', 'blacksky_replies']

/**
 * Numbers are drawn while the writer holds its lock on the lease row, so their order is that of the locks: a takeover
 * waits for the writes before it.
 */
const INSTALL = `
  CREATE TABLE lab_audit (
    place bigserial PRIMARY KEY, session_id text NOT NULL, table_name text NOT NULL,
    epoch bigint NOT NULL, is_takeover boolean NOT NULL,
    backend_pid integer NOT NULL DEFAULT pg_backend_pid(),
    at_ms double precision NOT NULL DEFAULT extract(epoch FROM clock_timestamp()) * 1000
  );
  CREATE FUNCTION lab_note() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO lab_audit (session_id, table_name, epoch, is_takeover)
      SELECT coalesce(NEW.session_id, OLD.session_id), TG_TABLE_NAME, coalesce(max(epoch), 0), false
      FROM blacksky_lease WHERE session_id = coalesce(NEW.session_id, OLD.session_id);
    RETURN NULL;
  END $$;
  CREATE FUNCTION lab_note_lease() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO lab_audit (session_id, table_name, epoch, is_takeover)
      VALUES (NEW.session_id, TG_TABLE_NAME, NEW.epoch, TG_OP = 'INSERT' OR NEW.epoch <> OLD.epoch);
    RETURN NULL;
  END $$;
  CREATE TRIGGER lab_note AFTER INSERT OR UPDATE ON blacksky_lease FOR EACH ROW EXECUTE FUNCTION lab_note_lease();
  ${TABLES.map(
    (table) =>
      `CREATE TRIGGER lab_note AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION lab_note();`,
  ).join('\n')}`

/** Reads and forgets, so that a sweep of hours leaves no table of millions. */
const TAKE = `
  WITH taken AS (DELETE FROM lab_audit RETURNING *)
  SELECT place, session_id, table_name, epoch, is_takeover, backend_pid, at_ms FROM taken ORDER BY place`

interface AuditColumns {
  readonly place: string
  readonly session_id: string
  readonly table_name: string
  readonly epoch: string
  readonly is_takeover: boolean
  readonly backend_pid: number
  readonly at_ms: number
}

export class SessionAudit {
  #url: string

  private constructor(url: string) {
    this.#url = url
  }

  /** Installs the triggers. @throws Error when the database is not migrated, or does not answer */
  static async open(databaseUrl: string): Promise<SessionAudit> {
    const audit = new SessionAudit(databaseUrl)
    await audit.#ask(INSTALL)
    return audit
  }

  /** The server has come back at another address. */
  moved(databaseUrl: string): void {
    this.#url = databaseUrl
  }

  /** What has been written since the last call, in order. @throws Error when the server does not answer */
  async take(): Promise<AuditRow[]> {
    return (await this.#ask<AuditColumns>(TAKE)).map((row) => ({
      place: Number(row.place),
      sessionId: row.session_id,
      table: row.table_name,
      epoch: Number(row.epoch),
      isTakeover: row.is_takeover,
      backendPid: row.backend_pid,
      atMs: row.at_ms,
    }))
  }

  /** A connection for each question: the server is killed again and again. */
  async #ask<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.#url, connectionTimeoutMillis: 5_000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return (await client.query<Row>(sql)).rows
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}
