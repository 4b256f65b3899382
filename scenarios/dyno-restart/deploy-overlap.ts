import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const deployOverlap = defineScenario({
  id: 'dyno-restart/deploy-overlap',
  family: 'dyno-restart',
  proves: 'while old and new dyno run at once under one name, only the lease holder is connected and writes',
  durationMs: HOUR_MS,
  faults: [
    { kind: 'deploy', atMs: 10 * MINUTE_MS, jitterMs: MINUTE_MS },
    { kind: 'deploy', atMs: 25 * MINUTE_MS, jitterMs: MINUTE_MS },
    { kind: 'deploy', atMs: 40 * MINUTE_MS, jitterMs: MINUTE_MS },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 2 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 3 * MINUTE_MS },
    ],
    sometimes: [{ event: 'log.lease.taken', atLeast: 4 }],
  },
  real: {
    durationMs: 44 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      { kind: 'deploy', atMs: 8 * SECOND_MS, jitterMs: SECOND_MS },
      { kind: 'deploy', atMs: 18 * SECOND_MS, jitterMs: SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 24 * SECOND_MS },
        { claim: 'all-answered', withinMs: 24 * SECOND_MS },
      ],
      sometimes: [{ event: 'dyno.sigterm', atLeast: 2 }],
    },
  },
})
