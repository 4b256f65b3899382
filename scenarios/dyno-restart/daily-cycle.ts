import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SOUND } from '../support.ts'

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
})
