/**
 * What a failure of node-postgres means to the caller: one pure map from SQLSTATE, Node's errno and the
 * phase of the call to the codes of errors.ts. Whether to repeat is the caller's matter. The phase counts
 * because a lost connection is harmless before the statement was sent and leaves its outcome open after.
 */

import { AppError, errorMessageOf } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'

export interface StatementPhase {
  /** `connect`: the statement was not sent yet. `statement`: it was, and the server may have run it. */
  readonly phase: 'connect' | 'statement'
  readonly isWrite: boolean
}

/** The AppError for anything that node-postgres threw; `cause` keeps the original. */
export function toStoreError(error: unknown, at: StatementPhase): AppError {
  const code = storeErrorCode(error, at)
  const sqlState = textProperty(error, 'code')
  const detail = sqlState === undefined ? '' : ` (${sqlState})`
  return new AppError(code, `Postgres: ${errorMessageOf(error)}${detail}`, { cause: error })
}

/** The code alone, for anything that node-postgres threw. */
export function storeErrorCode(error: unknown, at: StatementPhase): ErrorCode {
  const code = textProperty(error, 'code')
  if (code !== undefined && SQLSTATE.test(code) && textProperty(error, 'severity') !== undefined) {
    return codeOfSqlState(code, at)
  }
  if (code !== undefined && isCertificateError(code)) return 'store-denied'
  if (at.phase === 'statement') return codeWhileRunning(error, code)
  return codeWhileConnecting(error)
}

const SQLSTATE = /^[0-9A-Z]{5}$/

function codeOfSqlState(sqlState: string, at: StatementPhase): ErrorCode {
  const exact = EXACT.get(sqlState)
  if (exact !== undefined) return exact
  // Taken away by Heroku's plan limits on a full database: INSERT first, so reads still work.
  if (sqlState === '42501') return at.isWrite ? 'store-read-only' : 'store-denied'
  if (sqlState === '57P02' || sqlState.startsWith('08')) {
    // A crash or a pooler's lost server can fall between the commit and its answer.
    return at.phase === 'statement' ? 'store-outcome-unknown' : 'store-unavailable'
  }
  return CLASSES.get(sqlState.slice(0, 2)) ?? 'store-broken'
}

/** Exact SQLSTATEs; every one of them says that the statement was rolled back or never began. */
const EXACT: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['53300', 'store-busy'], // too_many_connections
  ['57P01', 'store-unavailable'], // admin_shutdown: a running statement is rolled back
  ['57P03', 'store-unavailable'], // cannot_connect_now: starting up or shutting down
  ['57P05', 'store-unavailable'], // idle_session_timeout
  ['57014', 'store-unavailable'], // query_canceled: statement_timeout
  ['40001', 'store-unavailable'], // serialization_failure
  ['40P01', 'store-unavailable'], // deadlock_detected
  ['25006', 'store-read-only'], // read_only_sql_transaction
  ['28P01', 'store-denied'], // invalid_password
  ['28000', 'store-denied'], // invalid_authorization: unknown role, no pg_hba.conf entry
  ['3D000', 'store-denied'], // invalid_catalog_name: no such database
  ['55P03', 'store-broken'], // lock_not_available: statements are made so that none waits long
])

/** Whole classes: 53 insufficient resources, 58 system errors (disk). */
const CLASSES: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['53', 'store-unavailable'],
  ['58', 'store-unavailable'],
])

function codeWhileRunning(error: unknown, code: string | undefined): ErrorCode {
  if (code !== undefined && LOST_CONNECTION.has(code)) return 'store-outcome-unknown'
  return LOST_CONNECTION_TEXT.test(errorMessageOf(error)) ? 'store-outcome-unknown' : 'store-broken'
}

function codeWhileConnecting(error: unknown): ErrorCode {
  return REFUSED_TEXT.test(errorMessageOf(error)) ? 'store-denied' : 'store-unavailable'
}

const LOST_CONNECTION: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ERR_STREAM_DESTROYED',
  'ERR_SOCKET_CLOSED',
])

/** node-postgres's own words, which carry no code (pg 8.23, lib/client.js). */
const LOST_CONNECTION_TEXT =
  /connection terminated|read timeout|not queryable|client was closed|connection ended/i

/** Likewise: settings that no waiting will mend. */
const REFUSED_TEXT = /does not support SSL|SASL|password must be a string|no pg_hba\.conf entry/i

function isCertificateError(code: string): boolean {
  return /CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code)
}

function textProperty(error: unknown, name: 'code' | 'severity'): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' ? value : undefined
}
