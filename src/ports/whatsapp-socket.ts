/**
 * The socket abstraction: one connection to WhatsApp. Production has it on Baileys, the lab in process.
 * A socket is used once: after its `close` event it is dead, though a late event may still arrive, which
 * its owner ignores by generation. Nothing here reconnects or decides.
 */

/** Opaque to the bot: what the WhatsApp library keeps about its identity. JSON values and byte arrays. */
export type Credentials = Record<string, unknown>

/** Signal keys by type (`session`, `pre-key`, `sender-key`, …) and id; a `null` value deletes. */
export type SignalKeyChanges = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** Credentials and keys of one session, as a WhatsApp library needs them. */
export interface AuthState {
  /** Mutated in place by the library; made durable by `saveCreds`. */
  readonly creds: Credentials
  readonly keys: {
    get(type: string, ids: readonly string[]): Promise<Record<string, unknown>>
    /** Resolves when committed; one call is one transaction. Rejects `lease-lost` when the epoch is stale. */
    set(changes: SignalKeyChanges): Promise<void>
  }
  /** Resolves when the present `creds` are committed. */
  saveCreds(): Promise<void>
}

export interface InboundMessage {
  readonly id: string
  readonly chat: string
  /** Sender inside a group; '' in a direct chat. */
  readonly participant: string
  readonly isFromMe: boolean
  readonly sentAtMs: number
  /** '' when the message carries no text. */
  readonly text: string
  /** `append` is what waited on the server while we were away; it is handled like `notify`. */
  readonly kind: 'notify' | 'append'
}

export interface OutgoingMessage {
  /** Fixed by the caller: the same id again is the same message. */
  readonly id: string
  readonly chat: string
  readonly text: string
}

/** Why the transport says it ended; connection/disconnect-cause.ts makes a cause of it. */
export interface CloseReport {
  /** WhatsApp's or Baileys' status code; undefined when there was none. */
  readonly statusCode: number | undefined
  readonly message: string
}

export type SocketEvent =
  /** Not paired yet: show this to the owner. */
  | { readonly type: 'qr'; readonly text: string }
  /** Logged in and usable. */
  | { readonly type: 'open' }
  /** The server confirmed a sent message, or refused it with a code. */
  | { readonly type: 'ack'; readonly messageId: string; readonly errorCode: number | undefined }
  /**
   * The phone that owns the account, and none of its other linked devices, has sent something that reached us: wall
   * clock by the server, whole seconds. May come before `open`, and for what waited the time is long past.
   */
  | { readonly type: 'phone-seen'; readonly atMs: number }
  /** Exactly once, and last but for late events. */
  | { readonly type: 'close'; readonly report: CloseReport }

export interface ConnectOptions {
  readonly auth: AuthState
  /**
   * Awaited before the message is acknowledged to the server. A rejection leaves it unacknowledged: the
   * server keeps it and delivers it again on the next connection, so whoever refuses ends this one.
   */
  accept(message: InboundMessage): Promise<void>
  onEvent(event: SocketEvent): void
}

export interface WhatsappSocket {
  /**
   * Resolves when written; the server's confirmation comes as an `ack` event.
   * @throws AppError `socket-closed` when the socket is not open.
   */
  send(message: OutgoingMessage): Promise<void>
  /** A cheap question to the server. Rejects `timed-out` or `socket-closed`. */
  ping(): Promise<void>
  /** A round trip through the message path that no chat shows. Rejects `timed-out` or `socket-closed`. */
  probe(): Promise<void>
  /** Ends the connection, never logs out. Resolves when the transport is gone. May be called twice. */
  end(): Promise<void>
}

export interface WhatsappConnector {
  /** Credentials for a session that was never paired. */
  freshCreds(): Credentials
  /** True when these credentials belong to a paired device (a QR is not needed). */
  isPaired(creds: Credentials): boolean
  /** Starts one attempt and returns at once; everything else arrives as events. */
  connect(options: ConnectOptions): WhatsappSocket
}
