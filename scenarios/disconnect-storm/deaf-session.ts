import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const deafSession = defineScenario({
  id: 'disconnect-storm/deaf-session',
  family: 'disconnect-storm',
  proves: 'a connection that answers pings but delivers nothing is found out and replaced within the hour',
  durationMs: 2 * HOUR_MS,
  faults: [{ kind: 'deaf', atMs: 15 * MINUTE_MS, jitterMs: 5 * MINUTE_MS }],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 45 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 50 * MINUTE_MS },
    ],
    sometimes: [{ event: 'wa.close' }],
  },
  real: {
    durationMs: 2880 * SECOND_MS,
    settings: { ...SHORT_WAITS, CONNECTION_CHECK_INTERVAL: '20000' },
    messageEveryMs: 10000,
    faults: [{ kind: 'deaf', atMs: 20 * SECOND_MS }],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 2700 * SECOND_MS },
        { claim: 'all-answered', withinMs: 2700 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.open', atLeast: 2 }],
    },
  },
})
