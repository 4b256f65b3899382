/**
 * Every error the bot throws on purpose, with its stable code. Callers test the code, never the
 * message. Whether to retry is read from one table (session/store-retry.ts), not from the error.
 */

export type ErrorCode =
  /** A setting is missing, malformed, out of range or contradicts another one. */
  | 'config-invalid'
  /** The statement did not run: refused, not connected, shut down, overloaded. Safe to repeat. */
  | 'store-unavailable'
  /** No connection slot was free (53300). Safe to repeat, after a longer wait. */
  | 'store-busy'
  /** The server answers reads only (25006, or an over-full plan's 42501). Safe to repeat, later. */
  | 'store-read-only'
  /** The connection broke while the statement ran: it may have been committed or not. */
  | 'store-outcome-unknown'
  /** Our own fault or a foreign schema: repeating cannot help. */
  | 'store-broken'
  /** A stored row failed its integrity check or could not be parsed. */
  | 'store-corrupt'
  /** Wrong password, unknown user or database: an operator has to act. */
  | 'store-denied'
  /** The stored row was sealed under a key that this process does not hold. */
  | 'encryption-key-missing'
  /** A session export is none of ours, damaged, or of another format. */
  | 'archive-invalid'
  /** A session export does not open with the passphrase that was given. */
  | 'archive-locked'
  /** The lease is not ours any more: nothing may be written or sent. */
  | 'lease-lost'
  /** The socket was closed before or during the call. */
  | 'socket-closed'
  /** A wait ended by its own deadline. */
  | 'timed-out'
  /** A wait was ended by its caller. */
  | 'aborted'
  /** A plugin's process ended while the plugin was at work: what it did is unknown. */
  | 'plugin-ended'
  /** A bounded queue is full. */
  | 'queue-full'

/** An operational error: `code` is stable, `message` is plain, `cause` is the original error. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The code of an `AppError`, or undefined for anything else. */
export function errorCodeOf(error: unknown): ErrorCode | undefined {
  return error instanceof AppError ? error.code : undefined
}

/** A plain message for a log line; never a stack. */
export function errorMessageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
