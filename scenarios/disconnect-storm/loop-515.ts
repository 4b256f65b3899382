import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const loop515 = defineScenario({
  id: 'disconnect-storm/loop-515',
  family: 'disconnect-storm',
  proves:
    'a server that asks for a restart after every login gets one at once, and from then on backed-off ones',
  durationMs: HOUR_MS,
  faults: [
    { kind: 'restart-loop', atMs: 5 * MINUTE_MS, forMs: 15 * MINUTE_MS },
    {
      kind: 'disconnect',
      atMs: 5 * MINUTE_MS + 10_000,
      statusCode: 515,
      message: 'Stream Errored (restart required)',
    },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 6 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 8 * MINUTE_MS },
    ],
    sometimes: [{ event: 'wa.close', atLeast: 4 }],
  },
  real: {
    durationMs: 60 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      { kind: 'restart-loop', atMs: 8 * SECOND_MS, forMs: 12 * SECOND_MS },
      { kind: 'disconnect', atMs: 9 * SECOND_MS, statusCode: 515 },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 15 * SECOND_MS },
        { claim: 'all-answered', withinMs: 18 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.close', where: { statusCode: 515 }, atLeast: 3 }],
    },
  },
})
