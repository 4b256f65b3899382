import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SOUND } from '../support.ts'

export const sigtermMidWrite = defineScenario({
  id: 'dyno-restart/sigterm-mid-write',
  family: 'dyno-restart',
  proves:
    'SIGTERM in the middle of a write ends in order: the write is kept, the lease released, nothing is doubled',
  durationMs: HOUR_MS,
  faults: [
    {
      kind: 'signal-mid-write',
      signal: 'SIGTERM',
      operation: 'commit',
      atMs: 8 * MINUTE_MS,
      jitterMs: MINUTE_MS,
    },
    {
      kind: 'signal-mid-write',
      signal: 'SIGTERM',
      operation: 'recordInbound',
      atMs: 18 * MINUTE_MS,
      jitterMs: MINUTE_MS,
    },
    {
      kind: 'signal-mid-write',
      signal: 'SIGTERM',
      operation: 'recordHandled',
      atMs: 28 * MINUTE_MS,
      jitterMs: MINUTE_MS,
    },
    {
      kind: 'signal-mid-write',
      signal: 'SIGTERM',
      operation: 'settleReply',
      atMs: 38 * MINUTE_MS,
      jitterMs: MINUTE_MS,
    },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 2 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 3 * MINUTE_MS },
    ],
    sometimes: [{ event: 'dyno.sigterm', atLeast: 4 }],
  },
})
