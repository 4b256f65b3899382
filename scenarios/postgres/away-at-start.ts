import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const awayAtStart = defineScenario({
  id: 'postgres/away-at-start',
  family: 'postgres',
  proves:
    'no database at the first start and for an hour: the bot waits, connects to nothing, and then answers what came meanwhile',
  durationMs: 2 * HOUR_MS,
  faults: [
    { kind: 'store-outage', atMs: 0, forMs: HOUR_MS },
    // The platform restarts it in between: that must neither help nor harm.
    { kind: 'dyno-restart', atMs: 20 * MINUTE_MS, jitterMs: 20 * MINUTE_MS },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 3 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 10 * MINUTE_MS },
    ],
    sometimes: [{ event: 'log.startup.step-retrying', atLeast: 20 }],
  },
  real: {
    durationMs: 60 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      { kind: 'store-outage', atMs: 0, forMs: 20 * SECOND_MS },
      { kind: 'dyno-restart', atMs: 6 * SECOND_MS, jitterMs: 2 * SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 25 * SECOND_MS },
      ],
      // Nobody is connected yet who could be reset, and a closed port counts nobody: here is who knocked.
      sometimes: [{ event: 'dyno.sigterm' }, { event: 'log.startup.step-retrying', atLeast: 4 }],
    },
  },
})
