/**
 * Baileys' logger, reduced to what may be seen: its fixed texts and the kind of error. The objects it passes
 * hold whole stanzas, credentials and addresses, so none of them is looked into further. Surprising: its
 * warnings come here as `debug`, since most describe the ordinary life of a connection.
 */

import type { ConnectionState } from '@whiskeysockets/baileys'
import { errorCodeOf } from '../errors.ts'
import type { LogFields, Logger } from '../ports/logger.ts'

/** The interface that Baileys asks for; it builds traces only when `level` is `trace` or `debug`. */
export interface BaileysLogger {
  level: string
  child(bindings: Record<string, unknown>): BaileysLogger
  trace(fields: unknown, text?: string): void
  debug(fields: unknown, text?: string): void
  info(fields: unknown, text?: string): void
  warn(fields: unknown, text?: string): void
  error(fields: unknown, text?: string): void
}

const MAX_TEXT_CHARS = 120
/** What Baileys says of queries that make a login active and are refused or not answered; it does nothing about it. */
const QUERY_FAILED = ['failed to send initial passive iq', 'timed out waiting for message']

const silent = (): void => undefined

/** @param onQueryFailed also during a login, which Baileys reports as open all the same */
export function createBaileysLogger(logger: Logger, onQueryFailed: () => void = silent): BaileysLogger {
  const own: BaileysLogger = {
    level: 'warn',
    child: () => own,
    trace: silent,
    debug: silent,
    info: silent,
    warn: (fields, text) => {
      logger.debug('baileys.warned', lineOf(fields, text))
      if (text !== undefined && QUERY_FAILED.includes(text)) onQueryFailed()
    },
    error: (fields, text) => logger.warn('baileys.failed', lineOf(fields, text)),
  }
  return own
}

function lineOf(fields: unknown, text: string | undefined): LogFields {
  const error = errorIn(fields)
  return {
    says: withoutNumbers(text ?? (typeof fields === 'string' ? fields : '')),
    error: error?.name,
    code: errorCodeOf(error),
  }
}

function errorIn(fields: unknown): Error | undefined {
  if (fields instanceof Error) return fields
  if (typeof fields !== 'object' || fields === null) return undefined
  return Object.values(fields).find((value): value is Error => value instanceof Error)
}

/** A few texts have addresses or ids in them. */
function withoutNumbers(text: string): string {
  return text.replace(/[\w:.-]*\d{5,}[\w:.-]*(@[\w.]+)?/g, '#').slice(0, MAX_TEXT_CHARS)
}

/** The owner is told until when; that no new chat is begun meanwhile is the outbox's matter. */
export function logTimeLock(
  logger: Logger,
  { isActive, timeEnforcementEnds }: NonNullable<ConnectionState['reachoutTimeLock']>,
): void {
  if (isActive !== true) return logger.info('whatsapp.new-chats-allowed')
  logger.warn('whatsapp.new-chats-restricted', { until: timeEnforcementEnds?.toISOString() })
}
