/**
 * The connection pool: limits, TLS and real-time deadlines. It runs no statements (postgres-statement.ts)
 * and retries nothing. Surprising: node-postgres lets `sslmode` in the URL overwrite the ssl object given
 * beside it, and an 'error' event on a client without a listener ends the process; both are met here.
 */

import { Pool } from 'pg'
import { AppError } from '../errors.ts'
import { storeErrorCode } from './postgres-errors.ts'
import type { Logger } from '../ports/logger.ts'

/**
 * `auto`: none for loopback and unix sockets, else TLS that does not verify, because Heroku Postgres
 * presents self-signed certificates. `require`: TLS, not verified. `verify`: TLS, verified. `off`: none.
 */
export type SslMode = 'auto' | 'require' | 'verify' | 'off'

export interface PoolOptions {
  readonly databaseUrl: string
  /** 1 to 4: Heroku's smallest plans allow 20 connections, and during a deploy two dynos share them. */
  readonly maxConnections: number
  readonly ssl: SslMode
  /** Shown in pg_stat_activity. */
  readonly applicationName: string
  readonly logger: Logger
}

/** Real time, so it lives here and not in the bot's logic; a black-holed server cannot hold a call longer. */
export const POOL_DEADLINES = {
  connectMs: 5000,
  /** The server ends the statement by itself … */
  statementMs: 8000,
  /** … before the client gives up on it, so that a repeated write rarely overlaps the first. */
  queryMs: 10_000,
  idleMs: 60_000,
  keepAliveMs: 10_000,
} as const

/**
 * A pool that connects on first use; `end()` closes it.
 * @throws AppError `config-invalid` when the URL cannot be parsed or `maxConnections` is out of range
 */
export function createPool(options: PoolOptions): Pool {
  const { maxConnections, logger } = options
  if (!Number.isInteger(maxConnections) || maxConnections < 1 || maxConnections > 4) {
    throw new AppError('config-invalid', `maxConnections must be 1 to 4, not ${maxConnections}`)
  }
  const target = connectionTarget(options.databaseUrl, options.ssl)
  const pool = new Pool({
    connectionString: target.connectionString,
    ssl: target.ssl,
    max: maxConnections,
    application_name: options.applicationName,
    connectionTimeoutMillis: POOL_DEADLINES.connectMs,
    statement_timeout: POOL_DEADLINES.statementMs,
    query_timeout: POOL_DEADLINES.queryMs,
    idleTimeoutMillis: POOL_DEADLINES.idleMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: POOL_DEADLINES.keepAliveMs,
  })
  const report = (error: unknown): void => {
    logger.warn('store.connection-lost', {
      code: storeErrorCode(error, { phase: 'connect', isWrite: false }),
    })
  }
  // An idle client's error arrives at the pool, a checked-out client's at the client itself (beside the
  // rejection of its query). The pool drops the client in either case.
  pool.on('error', report)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/**
 * The URL without its ssl words and the ssl option in their place. The setting wins; `auto` follows the
 * URL's `sslmode` where there is one.
 */
export function connectionTarget(
  databaseUrl: string,
  mode: SslMode,
): { readonly connectionString: string; readonly ssl: false | { readonly rejectUnauthorized: boolean } } {
  const url = parseUrl(databaseUrl)
  const urlMode = url.searchParams.get('sslmode') ?? url.searchParams.get('ssl') ?? undefined
  url.searchParams.delete('sslmode')
  url.searchParams.delete('ssl')
  url.searchParams.delete('uselibpqcompat')
  const effective = mode === 'auto' ? autoMode(url, urlMode) : mode
  return {
    connectionString: url.href,
    ssl: effective === 'off' ? false : { rejectUnauthorized: effective === 'verify' },
  }
}

function parseUrl(databaseUrl: string): URL {
  // The message must not carry the URL: it holds the password.
  let url: URL
  try {
    url = new URL(databaseUrl.replace('@/', '@localhost/'))
  } catch {
    throw new AppError(
      'config-invalid',
      'the database URL is malformed; expected postgres://user:password@host:port/name',
    )
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    throw new AppError(
      'config-invalid',
      `the database URL must begin with postgres://, not ${url.protocol}//`,
    )
  }
  return url
}

function autoMode(url: URL, urlMode: string | undefined): Exclude<SslMode, 'auto'> {
  switch (urlMode) {
    case undefined:
      return isLocal(url) ? 'off' : 'require'
    case 'disable':
    case 'false':
    case '0':
      return 'off'
    case 'verify-ca':
    case 'verify-full':
      return 'verify'
    default:
      return 'require'
  }
}

function isLocal(url: URL): boolean {
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname)
  return (
    host.startsWith('/') ||
    host === '' ||
    host === 'localhost' ||
    host === '[::1]' ||
    /^127(\.\d{1,3}){3}$/.test(host)
  )
}
