import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SOUND } from '../support.ts'

export const credsUnreadableAtStart = defineScenario({
  id: 'postgres/creds-unreadable-at-start',
  family: 'postgres',
  proves:
    'a process whose lease is granted and whose credentials cannot be read waits, and never takes that for a new session',
  durationMs: HOUR_MS,
  faults: [
    {
      kind: 'store-flaky',
      atMs: 10 * MINUTE_MS,
      forMs: 2 * MINUTE_MS,
      probability: 1,
      code: 'store-busy',
      isLanded: 'never',
      operations: ['readCreds'],
    },
    { kind: 'dyno-restart', atMs: 10 * MINUTE_MS + 10 * SECOND_MS, jitterMs: 30 * SECOND_MS },
    {
      kind: 'store-flaky',
      atMs: 30 * MINUTE_MS,
      forMs: MINUTE_MS,
      probability: 0.7,
      code: 'store-unavailable',
      isLanded: 'never',
      operations: ['readCreds', 'readKeys'],
    },
    { kind: 'sigkill', atMs: 30 * MINUTE_MS + 5 * SECOND_MS },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 5 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 7 * MINUTE_MS },
    ],
    sometimes: [{ event: 'store', where: { op: 'readCreds', fault: 'store-busy' }, atLeast: 2 }],
  },
})
