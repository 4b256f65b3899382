import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const outageLong = defineScenario({
  id: 'postgres/outage-long',
  family: 'postgres',
  proves:
    'ten minutes without a database: the lease is given up, the socket ended, and the bot is back without a QR',
  durationMs: HOUR_MS,
  faults: [{ kind: 'store-outage', atMs: 10 * MINUTE_MS, jitterMs: MINUTE_MS, forMs: 10 * MINUTE_MS }],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 3 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 5 * MINUTE_MS },
    ],
    sometimes: [{ event: 'log.lease.unproven' }, { event: 'wa.close' }],
  },
  real: {
    durationMs: 52 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [{ kind: 'store-outage', atMs: 8 * SECOND_MS, jitterMs: SECOND_MS, forMs: 20 * SECOND_MS }],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 22 * SECOND_MS },
        { claim: 'all-answered', withinMs: 22 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.end' }],
    },
  },
})
