/**
 * Why a connection ended, and what follows from it. Owns the one table from status codes to causes and the
 * one from causes to rules; how long to wait is reconnect-delay.ts's matter. Surprising: 408 has three
 * meanings (Baileys uses it for a lost link, a failed connect and unscanned QR codes alike), 500 does not
 * mean that the session is bad (every stream error without a code becomes 500), and the code may be missing.
 */

import type { CloseReport } from '../ports/whatsapp-socket.ts'

export type DisconnectCause =
  /** 401: the device was unlinked on the phone. */
  | 'logged-out'
  /** 402: the account is restricted for a time. */
  | 'account-restricted'
  /** 403: the number is banned or refused. */
  | 'forbidden'
  /** 406: the account or client is refused. */
  | 'not-acceptable'
  /** 411: the phone does not take part in multi-device. */
  | 'multidevice-mismatch'
  /** 515: the server wants a new socket; the ordinary end of pairing. */
  | 'restart-required'
  /** 429: too many queries; the server would not even make the login active. */
  | 'rate-limited'
  /** 440: another connection took this device's place. */
  | 'connection-replaced'
  /** 405: our version of WhatsApp Web is too old, or refused. */
  | 'version-rejected'
  /** 408, all QR codes shown and none scanned. */
  | 'qr-expired'
  /** 408, or our own ping: the link stopped answering. */
  | 'connection-lost'
  /** 408, or our own watchdog: the attempt did not open; a refused TCP connection included. */
  | 'timed-out'
  /** 428: the transport was closed, by the server or the network. */
  | 'connection-closed'
  /** 500: a stream error without a code of its own. Never a reason to delete anything. */
  | 'bad-session'
  /** 503. */
  | 'service-unavailable'
  /** Ours: the link answers pings, but the message path does not. */
  | 'deaf'
  /** Ours: our messages are confirmed, but the phone, which should have answered one, was not heard. */
  | 'phone-unheard'
  /** Ours: a message was not stored, or a key not read or written; what we owe comes on the next connection. */
  | 'store-failed'
  /** No code, or one we do not know. */
  | 'unknown'

/**
 * `halt`: never again, data kept. `restart`: the first one since stable uptime at once and uncounted.
 * `conflict`: is the lease still ours? Then slowly. `version`: slowly. `start-over`: calmly, not a failure.
 * `retry`: back off.
 */
export type ReconnectRule = 'halt' | 'restart' | 'conflict' | 'version' | 'start-over' | 'retry'

/** Retrying 402, 403 and 406 has got numbers banned for good; retrying 401 and 411 cannot help. */
export const CAUSE_RULES: Readonly<Record<DisconnectCause, ReconnectRule>> = {
  'logged-out': 'halt',
  'account-restricted': 'halt',
  forbidden: 'halt',
  'not-acceptable': 'halt',
  'multidevice-mismatch': 'halt',
  'restart-required': 'restart',
  'connection-replaced': 'conflict',
  'version-rejected': 'version',
  'qr-expired': 'start-over',
  'connection-lost': 'retry',
  'timed-out': 'retry',
  'connection-closed': 'retry',
  'rate-limited': 'retry',
  'bad-session': 'retry',
  'service-unavailable': 'retry',
  deaf: 'retry',
  'phone-unheard': 'retry',
  'store-failed': 'retry',
  unknown: 'retry',
}

/** How far the connection had come when it ended. */
export type ConnectionPhase = 'connecting' | 'pairing' | 'open'

/** The cause of each status code that has one meaning. */
const CAUSE_BY_CODE: ReadonlyMap<number, DisconnectCause> = new Map([
  [401, 'logged-out'],
  [402, 'account-restricted'],
  [403, 'forbidden'],
  [405, 'version-rejected'],
  [406, 'not-acceptable'],
  [411, 'multidevice-mismatch'],
  [428, 'connection-closed'],
  [429, 'rate-limited'],
  [440, 'connection-replaced'],
  [500, 'bad-session'],
  [503, 'service-unavailable'],
  [515, 'restart-required'],
])

/** Total: every report has a cause. */
export function causeOf(report: CloseReport, context: { readonly phase: ConnectionPhase }): DisconnectCause {
  if (report.statusCode === undefined) return 'unknown'
  if (report.statusCode === 408) return causeOf408(report.message, context.phase)
  return CAUSE_BY_CODE.get(report.statusCode) ?? 'unknown'
}

/** The texts are Baileys' (Socket/socket.js); where they say nothing, the phase decides. */
function causeOf408(message: string, phase: ConnectionPhase): DisconnectCause {
  if (message.includes('QR refs')) return 'qr-expired'
  if (message.includes('Connection was lost')) return 'connection-lost'
  switch (phase) {
    case 'connecting':
      return 'timed-out'
    case 'pairing':
      return 'qr-expired'
    case 'open':
      return 'connection-lost'
    default:
      return phase satisfies never
  }
}
