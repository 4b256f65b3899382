import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SOUND } from '../support.ts'

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
})
