import { defineScenario } from '../../sim/scenario.ts'
import { MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const loggedOut401 = defineScenario({
  id: 'disconnect-storm/logged-out-401',
  family: 'disconnect-storm',
  proves: 'an unlinked device is never retried, not even by the next dyno, and its data is kept',
  durationMs: 40 * MINUTE_MS,
  faults: [
    { kind: 'unlink', atMs: 10 * MINUTE_MS, jitterMs: MINUTE_MS },
    { kind: 'dyno-restart', atMs: 20 * MINUTE_MS },
  ],
  claims: {
    always: [...SOUND],
    eventually: [{ claim: 'halted', withinMs: 5 * MINUTE_MS }],
    sometimes: [{ event: 'log.connection.halted' }],
  },
  real: {
    durationMs: 30 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      { kind: 'unlink', atMs: 8 * SECOND_MS, jitterMs: SECOND_MS },
      { kind: 'dyno-restart', atMs: 15 * SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [{ claim: 'halted', withinMs: 12 * SECOND_MS }],
      sometimes: [{ event: 'wa.close', where: { statusCode: 401 } }],
    },
  },
})
