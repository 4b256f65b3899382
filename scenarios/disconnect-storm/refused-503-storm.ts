import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SOUND } from '../support.ts'

export const refused503Storm = defineScenario({
  id: 'disconnect-storm/refused-503-storm',
  family: 'disconnect-storm',
  proves:
    'a gateway that refuses and drops for 20 minutes is asked ever more slowly, and the bot returns by itself',
  durationMs: HOUR_MS,
  faults: [
    {
      kind: 'storm',
      atMs: 5 * MINUTE_MS,
      jitterMs: MINUTE_MS,
      count: 500,
      everyMs: SECOND_MS,
      statusCode: 503,
    },
    { kind: 'refuse-logins', atMs: 7 * MINUTE_MS, forMs: 13 * MINUTE_MS, how: 'status', statusCode: 503 },
    { kind: 'refuse-logins', atMs: 21 * MINUTE_MS, forMs: 5 * MINUTE_MS, how: 'tcp' },
    { kind: 'refuse-logins', atMs: 27 * MINUTE_MS, forMs: 5 * MINUTE_MS, how: 'hang' },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 8 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 12 * MINUTE_MS },
    ],
    sometimes: [{ event: 'wa.refused', atLeast: 3 }],
  },
})
