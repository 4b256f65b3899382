/**
 * What happens at the server, told as it happens: connections as they come, log in and end. For those who watch a
 * run from outside; what has happened in all is in the truth.
 */

export type ServerEvent =
  /** A client has asked for the upgrade; also one that a fault has turned away there. */
  | { readonly kind: 'connected'; readonly connection: number; readonly clientPort: number }
  /** It has no device yet, and will show a QR or ask for a code. */
  | { readonly kind: 'registering'; readonly connection: number }
  | { readonly kind: 'login-refused'; readonly connection: number; readonly statusCode: number }
  /** `device` as `lid.device`. */
  | { readonly kind: 'logged-in'; readonly connection: number; readonly device: string }
  /** It has been given what waited for it. */
  | { readonly kind: 'open'; readonly connection: number }
  | ClosedEvent

export interface ClosedEvent {
  readonly kind: 'closed'
  readonly connection: number
  /** Who ended it, as the server saw it. */
  readonly by: 'server' | 'client'
  /** How long ago the server began to end it, ms, so that a client may have known; undefined when it did not. */
  readonly begunAgoMs: number | undefined
  /** What the server gave as its reason; undefined when it gave none. */
  readonly statusCode: number | undefined
  readonly message: string
}
