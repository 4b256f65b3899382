import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SOUND } from '../support.ts'

export const sigkillMidWrite = defineScenario({
  id: 'dyno-restart/sigkill-mid-write',
  family: 'dyno-restart',
  proves:
    'SIGKILL while a statement is under way, landed or not, leaves a session that logs in and owes no reply twice',
  durationMs: HOUR_MS,
  faults: [
    {
      kind: 'signal-mid-write',
      signal: 'SIGKILL',
      operation: 'commit',
      atMs: 6 * MINUTE_MS,
      jitterMs: MINUTE_MS,
    },
    {
      kind: 'signal-mid-write',
      signal: 'SIGKILL',
      operation: 'recordInbound',
      atMs: 16 * MINUTE_MS,
      jitterMs: MINUTE_MS,
    },
    {
      kind: 'signal-mid-write',
      signal: 'SIGKILL',
      operation: 'recordHandled',
      atMs: 26 * MINUTE_MS,
      jitterMs: MINUTE_MS,
    },
    {
      kind: 'signal-mid-write',
      signal: 'SIGKILL',
      operation: 'settleReply',
      atMs: 36 * MINUTE_MS,
      jitterMs: MINUTE_MS,
    },
    {
      kind: 'signal-mid-write',
      signal: 'SIGKILL',
      operation: 'renewLease',
      atMs: 46 * MINUTE_MS,
      jitterMs: MINUTE_MS,
    },
  ],
  claims: {
    always: [...SOUND],
    // A killed holder's lease runs out before another dyno may take it.
    eventually: [
      { claim: 'connected', withinMs: 3 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 5 * MINUTE_MS },
    ],
    sometimes: [{ event: 'dyno.sigkill', atLeast: 5 }],
  },
})
