/** The numbers of the connection's policies; config.ts gives them, with their defaults and reasons. */

import type { BackoffLaw } from '../backoff.ts'

export interface ConnectionSettings {
  /** After an ordinary failure. */
  readonly backoff: BackoffLaw
  /**
   * After another connection took our place although the lease is ours. Half of an envelope is certain, so
   * the first wait is drawn from [base, 2 · base), as long as the cap allows: never less than the base.
   */
  readonly conflictBackoff: BackoffLaw
  /** After our version was refused: only a new one helps, so slowly. */
  readonly versionBackoff: BackoffLaw
  /** Uninterrupted open for so long forgets earlier failures. */
  readonly stableUptimeMs: number
  /** Quick attempts in a row before slow probing. */
  readonly maxRetries: number
  /** Envelope of the wait between attempts after `maxRetries` quick ones. */
  readonly probeIntervalMs: number
  /**
   * An attempt that has neither opened nor shown a QR by then is ended. Baileys itself may hang in
   * `connecting` for ever when the server answers the upgrade with an HTTP error.
   */
  readonly connectTimeoutMs: number
  /** How long to wait for a socket's end; a black-holed one takes 30 s, and is left behind. */
  readonly endTimeoutMs: number
  /** Time between two checks of an open connection. */
  readonly checkIntervalMs: number
  readonly pingTimeoutMs: number
  /** No inbound message for so long arouses suspicion. */
  readonly quietMs: number
  /** A send without the server's confirmation for so long arouses suspicion. */
  readonly ackTimeoutMs: number
  readonly probeTimeoutMs: number
  /** A phone that is on has answered what it was sent by then; later answers do not show that it will again. */
  readonly phoneAnswerMs: number
  /** One connection is probed at most so often, whatever the suspicion. */
  readonly minDeafProbeIntervalMs: number
}
