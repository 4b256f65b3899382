import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const replayedAndReordered = defineRealScenario({
  id: 'disconnect-storm/replayed-and-reordered',
  family: 'disconnect-storm',
  proves:
    'messages that come twice, in another order, or after an outage as offline ones are answered once each',
  real: {
    durationMs: 60 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 100,
    faults: [
      { kind: 'duplicates', atMs: 5 * SECOND_MS, forMs: 30 * SECOND_MS, probability: 1 },
      { kind: 'wire', atMs: 10 * SECOND_MS, forMs: 20 * SECOND_MS, fault: { kind: 'reorder', window: 3 } },
      { kind: 'disconnect', atMs: 15 * SECOND_MS, statusCode: 428 },
      { kind: 'refuse-logins', atMs: 15 * SECOND_MS, forMs: 6 * SECOND_MS, how: 'status' },
      { kind: 'sigkill', atMs: 28 * SECOND_MS, jitterMs: SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 15 * SECOND_MS },
        { claim: 'all-answered', withinMs: 20 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.open', atLeast: 3 }],
    },
  },
})
