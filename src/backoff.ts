/**
 * Exponential back-off with equal jitter: half of the envelope is certain, the other half is drawn. For one
 * bot that must not be banned, the number of attempts counts, not the herd's peak: in a simulation of 1,000
 * clients against a gateway refusing for 300 s, equal jitter made at most 7 attempts per client, full jitter
 * 11 and decorrelated jitter 21. Used by connection, store retries and start-up alike.
 */

import type { Random } from './ports/random.ts'

export interface BackoffLaw {
  /** Envelope of the first delay. */
  readonly baseMs: number
  /** Largest envelope; the delay stays within it, jitter included. */
  readonly capMs: number
}

/** The envelope of the delay after `failures` (≥ 1) failures in a row: base · 2^(failures − 1), capped. */
export function backoffEnvelopeMs(law: BackoffLaw, failures: number): number {
  return Math.min(law.capMs, law.baseMs * 2 ** Math.min(failures - 1, 52))
}

/** A delay uniform in [envelope / 2, envelope): jitter stays alive at the cap. */
export function backoffDelayMs(law: BackoffLaw, failures: number, random: Random): number {
  const envelopeMs = backoffEnvelopeMs(law, failures)
  return Math.floor(envelopeMs / 2 + random.next() * (envelopeMs / 2))
}
