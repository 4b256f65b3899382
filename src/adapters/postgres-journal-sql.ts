/**
 * The message journal's statements. Every write is fenced like a session commit: FOR SHARE on the lease row
 * by epoch, everything else FROM it, one row back when the epoch held (postgres-session-sql.ts says why that
 * is safe). `$1` is the session, `$2` the epoch.
 */

import type { Statement } from './postgres-statement.ts'

const LEASE = `lease AS (
        SELECT session_id FROM blacksky_lease WHERE session_id = $1 AND epoch = $2::bigint FOR SHARE
      )`

export const SQL = {
  // ON CONFLICT DO UPDATE, not DO NOTHING: it alone returns the row's present state when another connection
  // inserted it after this statement's snapshot was taken. The delivery count tells new from known.
  recordInbound: {
    name: 'record-inbound',
    isWrite: true,
    text: `
      WITH ${LEASE}
      INSERT INTO blacksky_inbound AS i
        (session_id, chat, participant, id, state, text, sent_at_ms, recorded_at_ms)
      SELECT session_id, $3, $4, $5, 'received', $6::bytea, $7::bigint, $8::bigint FROM lease
      ON CONFLICT (session_id, chat, participant, id) DO UPDATE SET deliveries = i.deliveries + 1
      RETURNING state, deliveries = 1 AS is_new`,
  },

  readUnhandled: {
    name: 'read-unhandled',
    isWrite: false,
    text: `
      SELECT chat, participant, id, state, text, sent_at_ms FROM blacksky_inbound
      WHERE session_id = $1 AND state <> 'handled'
      ORDER BY sent_at_ms, chat, participant, id LIMIT $2`,
  },

  markStarted: {
    name: 'mark-started',
    isWrite: true,
    text: `
      WITH ${LEASE}, marked AS (
        UPDATE blacksky_inbound AS i SET state = 'started' FROM lease
        WHERE i.session_id = $1 AND i.chat = $3 AND i.participant = $4 AND i.id = $5
          AND i.state = 'received'
      )
      SELECT 1 FROM lease`,
  },

  // The reply goes in FROM the row that became handled: of two calls for one command the second waits for
  // the first, re-checks the state, updates nothing and so records no second reply.
  recordHandled: {
    name: 'record-handled',
    isWrite: true,
    text: `
      WITH ${LEASE}, handled AS (
        UPDATE blacksky_inbound AS i SET state = 'handled', text = NULL FROM lease
        WHERE i.session_id = $1 AND i.chat = $3 AND i.participant = $4 AND i.id = $5
          AND i.state <> 'handled'
        RETURNING i.session_id
      ), reply AS (
        INSERT INTO blacksky_replies (session_id, reply_id, chat, text, state, recorded_at_ms, text_bytes)
        SELECT session_id, $7::text, $8::text, $9::bytea, 'pending', $6::bigint, $10::integer
        FROM handled WHERE $7::text IS NOT NULL
        ON CONFLICT (session_id, reply_id) DO NOTHING
      )
      SELECT 1 FROM lease`,
  },

  readPendingReplies: {
    name: 'read-pending-replies',
    isWrite: false,
    text: `
      SELECT reply_id, chat, text, recorded_at_ms FROM blacksky_replies
      WHERE session_id = $1 AND state = 'pending' ORDER BY recorded_at_ms, reply_id LIMIT $2`,
  },

  // The first settlement stands.
  settleReply: {
    name: 'settle-reply',
    isWrite: true,
    text: `
      WITH ${LEASE}, settled AS (
        UPDATE blacksky_replies AS r SET state = $4 FROM lease
        WHERE r.session_id = $1 AND r.reply_id = $3 AND r.state = 'pending'
      )
      SELECT 1 FROM lease`,
  },

  readTakenChats: {
    name: 'read-taken-chats',
    isWrite: false,
    text: `
      SELECT chat FROM blacksky_replies WHERE session_id = $1 AND state = 'acked'
      GROUP BY chat ORDER BY max(recorded_at_ms) DESC, chat LIMIT $2`,
  },

  readReply: {
    name: 'read-reply',
    isWrite: false,
    text: `
      SELECT reply_id, chat, text, recorded_at_ms FROM blacksky_replies
      WHERE session_id = $1 AND reply_id = $2`,
  },

  prune: {
    name: 'prune',
    isWrite: true,
    text: `
      WITH ${LEASE}, old_commands AS (
        SELECT chat, participant, id FROM blacksky_inbound
        WHERE session_id = $1 AND state = 'handled' AND recorded_at_ms < $3::bigint
        ORDER BY recorded_at_ms, chat, participant, id LIMIT $7::integer
      ), commands AS (
        DELETE FROM blacksky_inbound AS i USING lease, old_commands AS o
        WHERE i.session_id = $1 AND i.chat = o.chat AND i.participant = o.participant AND i.id = o.id
          AND i.state = 'handled'
        RETURNING 1
      ), sent AS (
        SELECT reply_id, recorded_at_ms, row_number() OVER newest AS place,
          sum(text_bytes) OVER newest AS bytes
        FROM blacksky_replies WHERE session_id = $1 AND state <> 'pending'
        WINDOW newest AS (ORDER BY recorded_at_ms DESC, reply_id DESC ROWS UNBOUNDED PRECEDING)
      ), excess AS (
        SELECT reply_id FROM sent
        WHERE recorded_at_ms < $4::bigint OR place > $5::bigint OR bytes > $6::bigint
        ORDER BY recorded_at_ms, reply_id LIMIT $7::integer
      ), replies AS (
        DELETE FROM blacksky_replies AS r USING lease, excess AS e
        WHERE r.session_id = $1 AND r.reply_id = e.reply_id AND r.state <> 'pending'
        RETURNING 1
      )
      SELECT (SELECT count(*) FROM commands) + (SELECT count(*) FROM replies) AS deleted FROM lease`,
  },
} as const satisfies Record<string, Statement>
