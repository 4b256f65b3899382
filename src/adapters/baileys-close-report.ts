/**
 * Why Baileys says a connection ended, as the port's close report: its code and its words, untouched, because
 * the one code 408 has several meanings that only the words tell apart. Owns nothing but this translation.
 * Surprising: Baileys would take an HTTP status at the upgrade for a code of WhatsApp's own; a proxy's 403 must
 * not end a session for good, so such a status counts only where it cannot be terminal.
 */

import { errorMessageOf } from '../errors.ts'
import type { CloseReport } from '../ports/whatsapp-socket.ts'

/** Baileys' prefix for what the transport, not WhatsApp, reports. */
const TRANSPORT_ERROR = 'WebSocket Error'
/** What Baileys makes of transport errors: a time-out or a refused connection, and everything else. */
const TRANSPORT_CODES = [408, 500]
/** Of a refused query; other codes of queries mean something else than the same codes at the end of a connection. */
const TOO_MANY_QUERIES = 429

/** `error` is what Baileys hands to its `close` update: usually a Boom, nothing at our own end(). */
export function closeReportOf(error: unknown): CloseReport {
  if (error === undefined || error === null) return { statusCode: undefined, message: 'end' }
  // A query that is open at an abrupt close rejects with the WebSocket's close code.
  if (typeof error === 'number') return { statusCode: 428, message: 'Connection Terminated' }
  const message = errorMessageOf(error)
  const statusCode = statusCodeOf(error)
  const isForeign = message.startsWith(TRANSPORT_ERROR) && !TRANSPORT_CODES.includes(statusCode ?? 0)
  return { statusCode: isForeign ? undefined : statusCode, message }
}

/** An upgrade answered by plain HTTP: a server in trouble is `503`, anything else has no meaning of its own. */
export function upgradeRefused(httpStatus: number): CloseReport {
  return { statusCode: httpStatus >= 500 ? 503 : undefined, message: `HTTP ${httpStatus} at the upgrade` }
}

/** A login that the server would not make active: nothing is delivered over it, so it is none. */
export function notActivated(error: unknown): CloseReport {
  const code = refusalCodeOf(error)
  return {
    statusCode: code === TOO_MANY_QUERIES ? code : undefined,
    message: `login not made active: ${errorMessageOf(error)}`,
  }
}

/** The status code of a Boom, or undefined for every other error. */
export function statusCodeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('output' in error)) return undefined
  const { output } = error
  if (typeof output !== 'object' || output === null || !('statusCode' in output)) return undefined
  const { statusCode } = output
  return typeof statusCode === 'number' && Number.isInteger(statusCode) ? statusCode : undefined
}

/** The code with which the server refused a query: Baileys puts that of an `<error>` into the Boom's data. */
export function refusalCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('data' in error) || typeof error.data !== 'number') return undefined
  return error.data
}
