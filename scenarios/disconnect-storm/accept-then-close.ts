import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const acceptThenClose = defineRealScenario({
  id: 'disconnect-storm/accept-then-close',
  family: 'disconnect-storm',
  proves:
    'a gateway that lets the bot in and ends each connection as soon as it is open is asked ever more slowly',
  real: {
    durationMs: 90 * SECOND_MS,
    // Waits that are long beside what a slow machine needs to connect.
    settings: { ...SHORT_WAITS, RECONNECT_BACKOFF_BASE_MS: '2000', RECONNECT_BACKOFF_CAP_MS: '16000' },
    messageEveryMs: SECOND_MS,
    faults: [
      {
        kind: 'wire',
        atMs: 8 * SECOND_MS,
        forMs: 35 * SECOND_MS,
        fault: { kind: 'stream-error', code: 503, at: 'open' },
      },
      { kind: 'disconnect', atMs: 9 * SECOND_MS, statusCode: 503 },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 30 * SECOND_MS },
        { claim: 'all-answered', withinMs: 40 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.close', where: { statusCode: 503 }, atLeast: 4 }],
    },
  },
})
