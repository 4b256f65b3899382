import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const dailyCycle = defineScenario({
  id: 'dyno-restart/daily-cycle',
  family: 'dyno-restart',
  proves: 'a daily restart costs no QR, loses no command and hands the session over within a minute',
  durationMs: HOUR_MS,
  faults: [
    { kind: 'dyno-restart', atMs: 12 * MINUTE_MS, jitterMs: MINUTE_MS },
    { kind: 'dyno-restart', atMs: 35 * MINUTE_MS, jitterMs: MINUTE_MS },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 2 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 3 * MINUTE_MS },
    ],
    sometimes: [
      { event: 'dyno.sigterm', atLeast: 2 },
      { event: 'wa.open', atLeast: 3 },
    ],
  },
  real: {
    durationMs: 50 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      { kind: 'dyno-restart', atMs: 8 * SECOND_MS, jitterMs: SECOND_MS },
      { kind: 'dyno-restart', atMs: 20 * SECOND_MS, jitterMs: SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 25 * SECOND_MS },
        { claim: 'all-answered', withinMs: 25 * SECOND_MS },
      ],
      sometimes: [{ event: 'log.lease.released', atLeast: 2 }],
    },
  },
})
