import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const acceptThenClose = defineRealScenario({
  id: 'disconnect-storm/accept-then-close',
  family: 'disconnect-storm',
  proves:
    'a gateway that lets the bot in and ends each connection soon after it has opened is asked ever more slowly',
  real: {
    durationMs: 75 * SECOND_MS,
    // Waits that are long beside what a slow machine needs to connect.
    settings: { ...SHORT_WAITS, RECONNECT_BACKOFF_BASE_MS: '2000', RECONNECT_BACKOFF_CAP_MS: '16000' },
    messageEveryMs: SECOND_MS,
    faults: [
      // Each connection has opened for the bot, too, when the next one of these ends it.
      { kind: 'storm', atMs: 8 * SECOND_MS, count: 12, everyMs: 2 * SECOND_MS, statusCode: 503 },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 30 * SECOND_MS },
        { claim: 'all-answered', withinMs: 38 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.close', where: { statusCode: 503 }, atLeast: 3 }],
    },
  },
})
