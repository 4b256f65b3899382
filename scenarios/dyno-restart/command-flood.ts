import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const commandFlood = defineScenario({
  id: 'dyno-restart/command-flood',
  family: 'dyno-restart',
  proves:
    'two thousand commands in a minute, far more than the queues hold, and SIGKILL in the middle: each is answered once',
  durationMs: HOUR_MS,
  workload: { bursts: [{ atMs: 10 * MINUTE_MS, count: 2_000, forMs: MINUTE_MS }] },
  faults: [
    { kind: 'sigkill', atMs: 10 * MINUTE_MS + 20 * SECOND_MS, jitterMs: 30 * SECOND_MS },
    { kind: 'store-latency', atMs: 10 * MINUTE_MS, jitterMs: 0, forMs: MINUTE_MS, extraMs: 50 },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 3 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 20 * MINUTE_MS },
    ],
    sometimes: [{ event: 'wa.close' }],
  },
  real: {
    durationMs: 75 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 1000,
    workload: { bursts: [{ atMs: 8 * SECOND_MS, forMs: 10 * SECOND_MS, count: 300 }] },
    faults: [
      { kind: 'sigkill', atMs: 12 * SECOND_MS, jitterMs: 3 * SECOND_MS },
      { kind: 'store-latency', atMs: 8 * SECOND_MS, forMs: 10 * SECOND_MS, extraMs: 20 },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 40 * SECOND_MS },
      ],
      sometimes: [{ event: 'dyno.sigkill' }],
    },
  },
})
