import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const outageShort = defineScenario({
  id: 'postgres/outage-short',
  family: 'postgres',
  proves:
    'twenty seconds without a database only delay: writes wait, nothing is dropped, the connection stays',
  durationMs: HOUR_MS,
  faults: [
    { kind: 'store-outage', atMs: 10 * MINUTE_MS, jitterMs: MINUTE_MS, forMs: 20 * SECOND_MS },
    { kind: 'store-latency', atMs: 20 * MINUTE_MS, forMs: 2 * MINUTE_MS, extraMs: 2_000 },
    {
      kind: 'store-flaky',
      atMs: 30 * MINUTE_MS,
      forMs: 5 * MINUTE_MS,
      probability: 0.2,
      code: 'store-outcome-unknown',
      isLanded: 'either',
    },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 2 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 4 * MINUTE_MS },
    ],
    sometimes: [{ event: 'store', atLeast: 100 }],
  },
  real: {
    durationMs: 60 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      { kind: 'store-outage', atMs: 8 * SECOND_MS, jitterMs: SECOND_MS, forMs: 1_500 },
      { kind: 'store-latency', atMs: 18 * SECOND_MS, forMs: 8 * SECOND_MS, extraMs: 400 },
      {
        kind: 'proxy',
        atMs: 32 * SECOND_MS,
        forMs: 6 * SECOND_MS,
        fault: { kind: 'reset-at-write', moment: 'unanswered', times: 8 },
      },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 15 * SECOND_MS },
        { claim: 'all-answered', withinMs: 18 * SECOND_MS },
      ],
      sometimes: [{ event: 'log.store.failing' }],
    },
  },
})
