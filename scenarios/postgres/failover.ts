import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

/** As Heroku does it: the old address is dead at once, and the new one comes as a release. */
export const failover = defineRealScenario({
  id: 'postgres/failover',
  family: 'postgres',
  proves:
    'a database that moves to another address takes its session along: no QR, no answer twice, none missing',
  real: {
    durationMs: 45 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [{ kind: 'postgres-failover', atMs: 10 * SECOND_MS, jitterMs: 2 * SECOND_MS }],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 25 * SECOND_MS },
        { claim: 'all-answered', withinMs: 28 * SECOND_MS },
      ],
      sometimes: [{ event: 'dyno.exited' }],
    },
  },
})
