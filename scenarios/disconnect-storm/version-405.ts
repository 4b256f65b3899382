import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const version405 = defineRealScenario({
  id: 'disconnect-storm/version-405',
  family: 'disconnect-storm',
  proves: 'a server that refuses the version is asked again slowly, and let in again the bot is back unaided',
  real: {
    durationMs: 150 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 1_000,
    faults: [
      { kind: 'disconnect', atMs: 8 * SECOND_MS, statusCode: 428 },
      { kind: 'refuse-logins', atMs: 8 * SECOND_MS, forMs: 20 * SECOND_MS, how: 'status', statusCode: 405 },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        // The wait after a refused version: half a minute to a minute.
        { claim: 'connected', withinMs: 70 * SECOND_MS },
        { claim: 'all-answered', withinMs: 80 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.login-refused', where: { statusCode: 405 } }],
    },
  },
})
