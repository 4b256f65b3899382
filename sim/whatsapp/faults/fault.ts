/**
 * What can be made to go wrong on the wire, as plain data: it says what happens and to whom, and nothing else.
 * ARCHITECTURE.md's words: a fault is injected; the cause that a client reports follows from it.
 */

/** When a fault strikes that strikes once: at once, or at each login from now on. */
export type Moment =
  /** Every open connection, now; the fault is over with it. */
  | 'now'
  /** Every connection from now on, when its login has been accepted. */
  | 'login'
  /** Every connection from now on, when it has been given what waited for it. */
  | 'open'

export interface FaultScope {
  /** Only this linked device, as `lid.device`; every client when not given. */
  readonly device?: string
  /** Ends by itself after so many strikes. */
  readonly times?: number
  /** Is lifted by itself after so long. */
  readonly forMs?: number
}

export type FaultKind = Fault['kind']

export type Fault = FaultScope &
  (
    | PortFault
    | HandshakeFault
    | LoginFault
    | StreamFault
    | SilenceFault
    | FrameFault
    | QueryFault
    | MessageFault
  )

type PortFault =
  /**
   * Nobody listens, neither to clients nor to other requests; open connections stay. The server cannot see
   * attempts, so the fault counts one strike.
   */
  | { readonly kind: 'refuse' }
  /** The connection is accepted and reset when it asks for the upgrade. */
  | { readonly kind: 'reset-at-connect' }
  /** The upgrade is answered with an HTTP status; the socket stays open on demand. */
  | { readonly kind: 'http-error'; readonly status: number; readonly keepsSocket?: boolean }
  /** The connection is accepted and never answered. */
  | { readonly kind: 'no-upgrade' }

type HandshakeFault =
  | { readonly kind: 'no-server-hello' }
  | { readonly kind: 'garbage-server-hello' }
  | { readonly kind: 'bad-certificate'; readonly flaw: 'issuer-serial' | 'untrusted-root' }

/** 401 logged out, 403 banned, 405 version too old, 503 unavailable, or any other number. */
type LoginFault = { readonly kind: 'login-failure'; readonly reason: number }

type StreamFault =
  | {
      readonly kind: 'stream-error'
      readonly code?: number
      readonly child?: 'conflict-replaced' | 'conflict-removed' | 'ack'
      /** The server does not close after it. */
      readonly keepsSocket?: boolean
      readonly at?: Moment
    }
  | { readonly kind: 'close'; readonly how: CloseHow; readonly at?: Moment }

export type CloseHow =
  /** `<xmlstreamend/>` */
  | 'stream-end'
  /** WebSocket close 1000. */
  | 'normal'
  /** WebSocket close 1011. */
  | 'server-error'
  /** The TCP connection ends without a WebSocket close. */
  | 'terminate'
  /** TCP reset. */
  | 'reset'
  /** A WebSocket frame of no known kind. */
  | 'bad-opcode'

type SilenceFault =
  /** Nothing is read or sent; a WebSocket close is still answered. */
  | { readonly kind: 'stall' }
  /** Nothing is read or sent, not even a WebSocket close. */
  | { readonly kind: 'black-hole' }
  /** Queries are answered, pings and messages, too; nothing is delivered. It waits for a login that is not deaf. */
  | {
      readonly kind: 'deaf'
      /** Messages are not confirmed either. */
      readonly isMute?: boolean
      /** Only the connections that are there; the next ones are well. */
      readonly endsWithConnection?: boolean
    }
  /** Everything that the server sends is late by so much. */
  | { readonly kind: 'slow'; readonly delayMs: number }

type FrameFault = { readonly kind: 'corrupt-frame'; readonly how: CorruptHow; readonly at?: Moment }

export type CorruptHow =
  'bad-tag' | 'malformed-node' | 'empty-body' | 'text-frame' | 'partial-frame' | 'message-without-id'

type QueryFault =
  /** @see nameMatches for `query` */
  | { readonly kind: 'unanswered'; readonly query?: string }
  | {
      readonly kind: 'query-error'
      readonly query?: string
      readonly code: number
      readonly text?: string
    }
  /** More queries in a minute than this are answered with 429 `rate-overlimit`; pings are free. */
  | { readonly kind: 'rate-limit'; readonly perMinute: number }

type MessageFault =
  /** Messages are carried, but not acknowledged to their sender. */
  | { readonly kind: 'no-ack' }
  /** Messages are refused with this number and not carried. */
  | { readonly kind: 'ack-error'; readonly code: number }
  /** Messages to people who never wrote to the account are refused with 463. */
  | { readonly kind: 'reach-out-timelock' }
  /** Every message is delivered twice, the same ciphertext again. */
  | { readonly kind: 'duplicate' }
  /** So many messages at a time are delivered in reverse; fewer when no more come. */
  | { readonly kind: 'reorder'; readonly window: number }

/** A query is named `xmlns/type/first child`; a fault may name only the beginning, such as `usync`. */
export function nameMatches(name: string, wanted: string | undefined): boolean {
  return wanted === undefined || name === wanted || name.startsWith(`${wanted}/`)
}
