/**
 * What others may know of the connection, and what the log says when it changes. Owns no state. Surprising:
 * the QR text is in the status, for the pairing page, and never in the log: it lets its reader pair a device.
 */

import type { Clock } from '../ports/clock.ts'
import type { LogFields, Logger } from '../ports/logger.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import type { ConnectionState, Machine } from './connection-state.ts'
import { isProbing } from './reconnect-delay.ts'

export interface ConnectionStatus {
  readonly state: ConnectionState['status']
  /** Why the connection ended last, until stable uptime has forgotten it; in `halted`, why it is over. */
  readonly cause: string | undefined
  /** Failures in a row since stable uptime. */
  readonly failures: number
  /** When this state began; wall clock, ms since 1970. */
  readonly sinceMs: number
  /** When the wait is over, if it is; wall clock. */
  readonly nextAttemptAtMs: number | undefined
  /** What to show to the owner while pairing. */
  readonly qr: string | undefined
  /**
   * Connections in a row found deaf without having delivered one message. From 2 on a reconnect has not helped,
   * and a fresh process might.
   */
  readonly deafReconnects: number
}

export function statusOf(
  { state, tally }: Machine,
  context: { readonly sinceMs: number; readonly clock: Clock },
): ConnectionStatus {
  const untilMs = state.status === 'waiting' ? state.untilMs : undefined
  const { clock } = context
  return {
    state: state.status,
    cause: state.status === 'halted' || state.status === 'ending' ? state.cause : tally.lastCause,
    failures: tally.failures,
    sinceMs: context.sinceMs,
    nextAttemptAtMs: untilMs === undefined ? undefined : clock.nowMs() + untilMs - clock.monotonicMs(),
    qr: state.status === 'pairing' ? state.qr : undefined,
    deafReconnects: tally.deafReconnects,
  }
}

/** False when only the time of the next check has changed. */
export function isNews(before: Machine, after: Machine): boolean {
  if (after.tally !== before.tally) return true
  return after.state !== before.state && (after.state.status !== 'open' || before.state.status !== 'open')
}

/** One line for each change of state; a further QR or check is none. */
export function logChange(
  logger: Logger,
  change: {
    readonly before: Machine
    readonly after: Machine
    readonly nowMs: number
    readonly settings: ConnectionSettings
  },
): void {
  const { before, after, nowMs, settings } = change
  const { state, tally } = after
  const isSame = state.status === before.state.status && state.status !== 'waiting'
  if (isSame || state === before.state) return
  const event = `connection.${state.status}`
  switch (state.status) {
    case 'waiting': {
      const isSlow = state.why === 'backoff' && isProbing(tally, settings)
      const delayMs = state.untilMs === undefined ? undefined : state.untilMs - nowMs
      const fields = { why: state.why, cause: tally.lastCause, failures: tally.failures, delayMs }
      return logger.info(isSlow ? 'connection.probing' : event, fields)
    }
    case 'ending':
      return logger.info('connection.closed', closedFields(before, after, nowMs))
    case 'halted':
      return logger.error(event, { cause: state.cause })
    case 'connecting':
    case 'pairing':
    case 'open':
      return logger.info(event, { generation: state.generation, failures: tally.failures })
    case 'charging':
      return logger.debug(event, { ask: state.ask })
    case 'standby':
    case 'stopped':
      return logger.info(event)
    default:
      return state satisfies never
  }
}

/** `cause` is missing when we ended it for the lease's or the stop's sake. */
function closedFields(before: Machine, after: Machine, nowMs: number): LogFields {
  const uptimeMs = before.state.status === 'open' ? nowMs - before.state.sinceMs : undefined
  if (after.state.status !== 'ending') return {}
  const { cause, phase, generation } = after.state
  return { cause, phase, generation, uptimeMs, deafReconnects: after.tally.deafReconnects }
}
