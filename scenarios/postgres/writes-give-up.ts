import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SOUND } from '../support.ts'

/** Seven statements in ten fail: a lease of two minutes, renewed often, holds, while single writes run out of time. */
const spells = [5, 14, 23, 32, 41].map((minute) => ({
  kind: 'store-flaky' as const,
  atMs: minute * MINUTE_MS,
  jitterMs: MINUTE_MS,
  forMs: 170 * SECOND_MS,
  probability: 0.7,
  code: 'store-busy' as const,
  isLanded: 'never' as const,
}))

export const writesGiveUp = defineScenario({
  id: 'postgres/writes-give-up',
  family: 'postgres',
  proves:
    'what could not be made durable in a minute, although the lease holds, comes again: the connection is ended for it',
  durationMs: HOUR_MS,
  settings: { LEASE_DURATION_MS: '120000' },
  faults: spells,
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 6 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 8 * MINUTE_MS },
    ],
    sometimes: [{ event: 'log.connection.store-failed' }, { event: 'wa.close' }],
  },
})
