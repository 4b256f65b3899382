import { defineScenario } from '../../sim/scenario.ts'
import { MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const sigtermTwice = defineScenario({
  id: 'dyno-restart/sigterm-twice',
  family: 'dyno-restart',
  proves:
    'SIGTERM twice, to supervisor and bot at once, stops both in order: the lease is released, and the next dyno need not wait for it to run out',
  durationMs: 40 * MINUTE_MS,
  faults: [
    { kind: 'dyno-restart', atMs: 6 * MINUTE_MS, repeatAfterMs: 2, jitterMs: MINUTE_MS },
    { kind: 'dyno-restart', atMs: 14 * MINUTE_MS, repeatAfterMs: 8, jitterMs: MINUTE_MS },
    { kind: 'dyno-restart', atMs: 22 * MINUTE_MS, repeatAfterMs: 100, jitterMs: MINUTE_MS },
    { kind: 'dyno-restart', atMs: 30 * MINUTE_MS, repeatAfterMs: 20, jitterMs: 10 * SECOND_MS },
  ],
  claims: {
    always: [...SOUND],
    // Below the 45 s after which a lease that was not released runs out.
    eventually: [
      { claim: 'connected', withinMs: 30 * SECOND_MS },
      { claim: 'all-answered', withinMs: 2 * MINUTE_MS },
    ],
    sometimes: [{ event: 'dyno.sigterm-repeated', atLeast: 2 }],
  },
  real: {
    durationMs: 40 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      { kind: 'dyno-restart', atMs: 8 * SECOND_MS, repeatAfterMs: 100, jitterMs: SECOND_MS },
      { kind: 'dyno-restart', atMs: 20 * SECOND_MS, repeatAfterMs: 100, jitterMs: SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 15 * SECOND_MS },
        { claim: 'all-answered', withinMs: 15 * SECOND_MS },
      ],
      sometimes: [
        { event: 'log.lease.released', atLeast: 2 },
        { event: 'dyno.sigterm', atLeast: 2 },
      ],
    },
  },
})
