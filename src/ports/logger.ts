/**
 * One event, one line: a fixed event name such as `connection.closed` plus fields. Message texts, keys
 * and phone numbers never appear in a field; a chat appears as a hash.
 */

export type LogValue = string | number | boolean | undefined | readonly (string | number)[]
export type LogFields = Readonly<Record<string, LogValue>>

export interface Logger {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}
