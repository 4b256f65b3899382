/** What a kill point came to. */

import type { KillPoint } from './kill-point.ts'

export const SWEEP_CLAIMS = {
  'comes-back': 'the dyno is up again with one bot, which is logged in',
  'login-without-qr': 'the bot is logged in again without a QR',
  'answered-once': 'each command is answered once in effect',
  'no-stale-write': 'no process writes into the session once another one has taken it',
  'decryption-heals': 'nobody is left with a message that cannot be read',
  'no-key-reuse': 'no key encrypts two texts',
  'one-login': 'never two are logged in at once',
} as const
export type SweepClaim = keyof typeof SWEEP_CLAIMS

export interface SweepViolation {
  readonly claim: SweepClaim
  readonly message: string
}

export interface PointOutcome {
  readonly point: KillPoint
  /** `vacuous`: the write did not come about in time, so nobody was killed. */
  readonly verdict: 'holds' | 'broken' | 'vacuous'
  readonly violations: readonly SweepViolation[]
  /** From the kill until everybody had an answer again, ms; undefined when they had not. */
  readonly recoveredAfterMs: number | undefined
  readonly tookMs: number
}

export function outcomeOf(
  point: KillPoint,
  run: Pick<PointOutcome, 'violations' | 'recoveredAfterMs' | 'tookMs'> & { readonly hasStruck: boolean },
): PointOutcome {
  const { hasStruck, ...rest } = run
  if (!hasStruck) return { point, verdict: 'vacuous', ...rest }
  return { point, verdict: rest.violations.length === 0 ? 'holds' : 'broken', ...rest }
}
