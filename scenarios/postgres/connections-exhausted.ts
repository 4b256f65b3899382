import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const connectionsExhausted = defineScenario({
  id: 'postgres/connections-exhausted',
  family: 'postgres',
  proves:
    'a database without free connections, also during a restart, pauses the bot and does not crash or unpair it',
  durationMs: HOUR_MS,
  faults: [
    {
      kind: 'store-outage',
      atMs: 10 * MINUTE_MS,
      jitterMs: MINUTE_MS,
      forMs: 3 * MINUTE_MS,
      code: 'store-busy',
    },
    { kind: 'dyno-restart', atMs: 12 * MINUTE_MS },
    {
      kind: 'store-outage',
      atMs: 30 * MINUTE_MS,
      jitterMs: MINUTE_MS,
      forMs: MINUTE_MS,
      code: 'store-read-only',
    },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 4 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 6 * MINUTE_MS },
    ],
    sometimes: [{ event: 'dyno.sigterm' }],
  },
  real: {
    durationMs: 70 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      {
        kind: 'store-outage',
        atMs: 8 * SECOND_MS,
        jitterMs: SECOND_MS,
        forMs: 10 * SECOND_MS,
        code: 'store-busy',
      },
      { kind: 'dyno-restart', atMs: 12 * SECOND_MS },
      {
        kind: 'store-outage',
        atMs: 32 * SECOND_MS,
        jitterMs: SECOND_MS,
        forMs: 8 * SECOND_MS,
        code: 'store-read-only',
      },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 22 * SECOND_MS },
      ],
      sometimes: [{ event: 'dyno.sigterm' }],
    },
  },
})
