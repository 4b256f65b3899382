/**
 * Logs one JSON line an event, at once, to standard output: level, time, event, then the fields. Keeps
 * secrets out as a second line of defence: fields with telling names, and passwords in URLs and WhatsApp
 * addresses inside any text, such as the message of an error.
 */

import { pino, stdTimeFunctions } from 'pino'
import type { DestinationStream, Logger as Pino } from 'pino'
import type { LogFields, Logger, LogValue } from '../ports/logger.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

const SECRET_FIELDS = ['databaseUrl', 'password', 'secret', 'token', 'key', 'creds', 'jid', 'phone', 'text']
/** The line's own fields; a field of the event with such a name is written as `level_` and so on. */
const OWN_FIELDS = new Set(['level', 'time', 'event'])
const URL_PASSWORD = /\/\/\S*@/g
const WHATSAPP_ADDRESS = /\b[\w.:-]+@(s\.whatsapp\.net|c\.us|g\.us|lid|newsletter)\b/g

export class PinoLogger implements Logger {
  readonly #pino: Pino

  constructor(options: { readonly level: LogLevel; readonly destination?: DestinationStream }) {
    const settings = {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS, censor: '***' },
    }
    this.#pino = options.destination === undefined ? pino(settings) : pino(settings, options.destination)
  }

  debug(event: string, fields?: LogFields): void {
    if (this.#pino.isLevelEnabled('debug')) this.#pino.debug(lineOf(event, fields))
  }

  info(event: string, fields?: LogFields): void {
    if (this.#pino.isLevelEnabled('info')) this.#pino.info(lineOf(event, fields))
  }

  warn(event: string, fields?: LogFields): void {
    if (this.#pino.isLevelEnabled('warn')) this.#pino.warn(lineOf(event, fields))
  }

  error(event: string, fields?: LogFields): void {
    this.#pino.error(lineOf(event, fields))
  }
}

function lineOf(event: string, fields: LogFields = {}): Record<string, unknown> {
  const line: Record<string, unknown> = { event }
  for (const [name, value] of Object.entries(fields))
    line[OWN_FIELDS.has(name) ? `${name}_` : name] = scrubbed(value)
  return line
}

function scrubbed(value: LogValue): LogValue {
  if (typeof value === 'string') return scrubbedText(value)
  if (!Array.isArray(value)) return value
  return value.map((item: string | number) => (typeof item === 'string' ? scrubbedText(item) : item))
}

function scrubbedText(text: string): string {
  return text.replace(URL_PASSWORD, '//***@').replace(WHATSAPP_ADDRESS, '***@$1')
}
