/** One operation of the lease keeper as one call of the store; what it answered, as an event of the policy. */

import type { Clock } from '../ports/clock.ts'
import type { AttemptCharge, SessionStore } from '../ports/session-store.ts'
import type { LeaseEvent, LeaseOperation, LeaseSettings } from './lease-policy.ts'

export interface LeaseStoreDeps {
  readonly store: SessionStore
  readonly clock: Clock
  /** UUID of the dyno boot: shared by the bot processes that follow each other in it. */
  readonly owner: string
  readonly settings: LeaseSettings
}

/**
 * @param isCharge a renewal charges one connection attempt as well, dated now.
 * @throws AppError `store-*`
 */
export async function askStore(
  { store, clock, owner, settings }: LeaseStoreDeps,
  operation: LeaseOperation,
  isCharge: boolean,
): Promise<LeaseEvent> {
  switch (operation.kind) {
    case 'read':
      return { type: 'read', row: await store.readLease() }
    case 'take':
      return { type: 'taken', row: await store.takeLease({ owner, expected: operation.expected }) }
    case 'renew': {
      const renewal = { owner, epoch: operation.epoch }
      const charged = isCharge ? { ...renewal, charge: chargeNow(clock, settings) } : renewal
      return { type: 'renewed', renewal: await store.renewLease(charged) }
    }
    default:
      return operation satisfies never
  }
}

function chargeNow(clock: Clock, settings: LeaseSettings): AttemptCharge {
  const { attemptWindowMs: windowMs, maxAttemptsPerWindow: maxAttempts } = settings
  return { nowMs: clock.nowMs(), windowMs, maxAttempts }
}
