import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, LONG_LEASE, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const sigtermWhileHung = defineScenario({
  id: 'dyno-restart/sigterm-while-hung',
  family: 'dyno-restart',
  proves: 'SIGTERM to a dyno whose bot hangs ends it within 20 s all the same, and the next one takes over',
  durationMs: HOUR_MS,
  faults: [
    { kind: 'bot-hang', atMs: 10 * MINUTE_MS, forMs: MINUTE_MS, how: 'idle' },
    { kind: 'dyno-restart', atMs: 10 * MINUTE_MS + 2 * SECOND_MS, jitterMs: 10 * SECOND_MS },
    { kind: 'bot-hang', atMs: 30 * MINUTE_MS, forMs: MINUTE_MS, how: 'computing' },
    { kind: 'deploy', atMs: 30 * MINUTE_MS + 2 * SECOND_MS, jitterMs: 10 * SECOND_MS },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 3 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 5 * MINUTE_MS },
    ],
    sometimes: [{ event: 'dyno.exited', where: { status: 124 }, atLeast: 2 }],
  },
  real: {
    durationMs: 60 * SECOND_MS,
    settings: { ...SHORT_WAITS, ...LONG_LEASE, STOP_TIMEOUT_MS: '8000' },
    messageEveryMs: 500,
    faults: [
      { kind: 'bot-hang', atMs: 8 * SECOND_MS, forMs: 30 * SECOND_MS, how: 'idle' },
      { kind: 'dyno-restart', atMs: 9 * SECOND_MS, jitterMs: SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 15 * SECOND_MS },
        { claim: 'all-answered', withinMs: 15 * SECOND_MS },
      ],
      sometimes: [{ event: 'dyno.exited', where: { status: 124 } }],
    },
  },
})
