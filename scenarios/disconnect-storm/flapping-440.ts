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
    durationMs: 230 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 2 * SECOND_MS,
    faults: [
      // The owner comes back 30 to 60 s after the first of them and is open, also by its own word, when the next one
      // ends it; the storm is long enough for that, whatever the wait was.
      { kind: 'storm', atMs: 8 * SECOND_MS, count: 33, everyMs: 2 * SECOND_MS, statusCode: 440 },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        // The second wait is 60 to 120 s, and begins in the storm; then all that came meanwhile is answered.
        { claim: 'connected', withinMs: 125 * SECOND_MS },
        { claim: 'all-answered', withinMs: 150 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.close', where: { statusCode: 440 }, atLeast: 2 }],
    },
  },
})
