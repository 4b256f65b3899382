import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const reachOut463 = defineRealScenario({
  id: 'disconnect-storm/reach-out-463',
  family: 'disconnect-storm',
  proves: 'while new chats are locked by 463, whoever has written is answered as ever',
  real: {
    durationMs: 50 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 200,
    faults: [
      {
        kind: 'wire',
        atMs: 5 * SECOND_MS,
        forMs: 25 * SECOND_MS,
        fault: { kind: 'ack-error', code: 463, times: 3 },
      },
      { kind: 'dyno-restart', atMs: 15 * SECOND_MS, jitterMs: SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 15 * SECOND_MS },
        { claim: 'all-answered', withinMs: 18 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.sent', atLeast: 50 }],
    },
  },
})
