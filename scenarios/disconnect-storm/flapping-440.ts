import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const flapping440 = defineScenario({
  id: 'disconnect-storm/flapping-440',
  family: 'disconnect-storm',
  proves: 'conflicts right after each brief open never reset the back-off: the owner waits 30 s and longer',
  durationMs: HOUR_MS,
  faults: [
    {
      kind: 'storm',
      atMs: 5 * MINUTE_MS,
      jitterMs: MINUTE_MS,
      count: 600,
      everyMs: SECOND_MS,
      statusCode: 440,
      message: 'Stream Errored (conflict)',
    },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 12 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 15 * MINUTE_MS },
    ],
    sometimes: [{ event: 'wa.close', atLeast: 4 }],
  },
  real: {
    durationMs: 150 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      {
        kind: 'wire',
        atMs: 8 * SECOND_MS,
        forMs: 60 * SECOND_MS,
        fault: { kind: 'stream-error', child: 'conflict-replaced', at: 'open' },
      },
      { kind: 'disconnect', atMs: 9 * SECOND_MS, statusCode: 440 },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 75 * SECOND_MS },
        { claim: 'all-answered', withinMs: 78 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.close', where: { statusCode: 440 }, atLeast: 2 }],
    },
  },
})
