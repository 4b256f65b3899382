import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const rateOverlimit429 = defineRealScenario({
  id: 'disconnect-storm/rate-overlimit-429',
  family: 'disconnect-storm',
  proves:
    'a server that refuses all but a few queries a minute is not asked for what is known, and groups are answered',
  real: {
    durationMs: 60 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 200,
    workload: { directChats: 5, groups: 4 },
    faults: [
      {
        kind: 'wire',
        atMs: 15 * SECOND_MS,
        forMs: 20 * SECOND_MS,
        fault: { kind: 'rate-limit', perMinute: 2 },
      },
      { kind: 'disconnect', atMs: 20 * SECOND_MS, statusCode: 428 },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 15 * SECOND_MS },
        { claim: 'all-answered', withinMs: 20 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.sent', atLeast: 100 }],
    },
  },
})
