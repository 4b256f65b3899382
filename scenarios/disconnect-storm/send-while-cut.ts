import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const sendWhileCut = defineRealScenario({
  id: 'disconnect-storm/send-while-cut',
  family: 'disconnect-storm',
  proves:
    'connections that are cut while answers are on their way, again and again, cost no answer and no process',
  real: {
    durationMs: 50 * SECOND_MS,
    settings: { ...SHORT_WAITS, RECONNECT_MAX_ATTEMPTS_PER_WINDOW: '40', RECONNECT_BACKOFF_CAP_MS: '1000' },
    messageEveryMs: 100,
    faults: [{ kind: 'storm', atMs: 8 * SECOND_MS, count: 12, everyMs: 1_700, statusCode: 428 }],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 20 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.open', atLeast: 6 }],
    },
  },
})
