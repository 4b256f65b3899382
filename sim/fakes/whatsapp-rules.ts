/**
 * Every rule of the transport that the fake WhatsApp follows: times, counts and the words of each close, with
 * where it comes from. `Baileys` is the source of @whiskeysockets/baileys 7.0.0-rc14, `measured` was seen on
 * that package against a server over loopback, `assumed` is a guess. The surprise: one status code, 408, has
 * four meanings, told apart only by the message.
 */

import type { CloseReport } from '../../src/ports/whatsapp-socket.ts'
import type { PrngStream } from '../world/prng.ts'

/** Inclusive bounds in whole ms. */
export type RangeMs = readonly [number, number]

export function drawMs(stream: PrngStream, range: RangeMs): number {
  return stream.integer(range[0], range[1])
}

export const LATENCY_MS = {
  /** TCP, TLS, upgrade and Noise together; assumed (measured on loopback: 45 in all, login included). */
  handshake: [40, 350],
  /** One way between dyno and server; assumed. */
  oneWay: [12, 60],
  /** A refused TCP connection; measured 1 ms on loopback, the rest is the way there (assumed). */
  refusal: [2, 60],
  /** Between two messages of the offline replay; assumed (measured: 1,600 messages a second at most). */
  replaySpacing: [1, 4],
  /** How fast Baileys is done after a stream error or a closed transport; measured 1 to 5. */
  streamEnd: [1, 5],
  /** The sender's phone answers a retry receipt: retryRequestDelayMs 250 (Baileys) and its network (assumed). */
  retryResend: [300, 1_500],
  /** A phone that is on answers what comes to it; assumed. */
  phoneAnswer: [100, 2_000],
  /** From `open` to the 515 of a restart loop; assumed. */
  restartLoop: [50, 800],
  /** How long after its close a dead socket still speaks; assumed. */
  lateEvent: [1, 2_000],
} as const satisfies Record<string, RangeMs>

/** connectTimeoutMs: TCP and upgrade, then ServerHello (Baileys); the fake bounds both together. */
export const CONNECT_TIMEOUT_MS = 20_000
/** keepAliveIntervalMs; at each tick silence longer than this plus the margin ends the socket (Baileys). */
export const KEEP_ALIVE_INTERVAL_MS = 30_000
export const KEEP_ALIVE_MARGIN_MS = 5_000
/** Black-holed, ws waits 30 s for the peer's close frame (measured); the adapter cuts it after its closeGraceMs. */
export const BLACK_HOLE_CLOSE_MS = 1_000
/** defaultQueryTimeoutMs: an unanswered ping or probe (Baileys). */
export const QUERY_TIMEOUT_MS = 60_000
/** The first code lives 60 s, each later one 20 s, and there are six (Baileys; six: measured). */
export const FIRST_QR_MS = 60_000
export const NEXT_QR_MS = 20_000
export const QR_REFS = 6
/** Pre-keys at the first login: Baileys makes 812, the fake 10, because only their order matters. */
export const FIRST_PRE_KEYS = 10
/** MIN_PREKEY_COUNT: with at most so many left on the server, so many are added at login (Baileys). */
export const MORE_PRE_KEYS = 5
/** UPLOAD_TIMEOUT: then the login goes on without the upload (Baileys). */
export const PRE_KEY_UPLOAD_TIMEOUT_MS = 30_000
/** maxMsgRetryCount (Baileys); after it the message is given up and acknowledged with an error. */
export const MAX_RETRY_RECEIPTS = 5
/** Own chains a session remembers; libsignal keeps 5 receiving chains, older ciphertext fails. */
export const KNOWN_CHAINS = 5
/** How often a dead socket still speaks; assumed, well above life, because it is the interesting case. */
export const LATE_EVENT_PROBABILITY = 0.25

/**
 * How long from deciding to close until `close` is said. Baileys awaits ws.close() first, so a black hole
 * costs the adapter's grace even to end(); a silent server still answers the close frame, and so does a server
 * that has closed itself. A connection that was never through is dropped at once. (Measured, each of them.)
 */
export function closingMs(
  stream: PrngStream,
  how: { readonly isAtOnce: boolean; readonly isBlackHole: boolean },
): number {
  if (how.isAtOnce) return drawMs(stream, LATENCY_MS.streamEnd)
  if (how.isBlackHole) return BLACK_HOLE_CLOSE_MS
  return drawMs(stream, LATENCY_MS.oneWay) + drawMs(stream, LATENCY_MS.oneWay)
}

/** What Baileys says at each end of a connection (its source, but for `garbage`: measured without a code). */
export const CLOSE_REPORTS = {
  /** Keep-alive found silence. */
  connectionLost: { statusCode: 408, message: 'Connection was lost' },
  /** The connection or its handshake was not answered. */
  timedOut: { statusCode: 408, message: 'Timed Out' },
  qrExhausted: { statusCode: 408, message: 'QR refs attempts ended' },
  tcpRefused: { statusCode: 408, message: 'WebSocket Error (connect ECONNREFUSED)' },
  /** The transport was closed or reset, in whatever way. */
  terminated: { statusCode: 428, message: 'Connection Terminated' },
  /** Another login took the device over. */
  conflict: { statusCode: 440, message: 'Stream Errored (conflict)' },
  /** The phone removed the device while it was connected. */
  deviceRemoved: { statusCode: 401, message: 'Stream Errored (conflict)' },
  restartRequired: { statusCode: 515, message: 'Stream Errored (restart required)' },
  /** A garbled ServerHello: a RangeError of the decoder, without a code. */
  garbage: { statusCode: undefined, message: 'index out of range: 10 + 116 > 32' },
  /** Our own end(). */
  ended: { statusCode: undefined, message: 'end' },
} as const satisfies Record<string, CloseReport>

/** A login refused with a `failure` frame: 401, 403, 405, 503 … */
export function connectionFailure(statusCode: number): CloseReport {
  return { statusCode, message: 'Connection Failure' }
}

/** A stream error with a bare code, such as 500 or 503. */
export function streamErrored(statusCode: number): CloseReport {
  return { statusCode, message: 'Stream Errored (unknown)' }
}
