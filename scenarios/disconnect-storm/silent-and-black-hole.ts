import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const silentAndBlackHole = defineRealScenario({
  id: 'disconnect-storm/silent-and-black-hole',
  family: 'disconnect-storm',
  proves:
    'a server that falls silent, and one that does not even answer a close, are left within two minutes',
  real: {
    durationMs: 240 * SECOND_MS,
    settings: { ...SHORT_WAITS, CONNECTION_CHECK_INTERVAL: '5000', CONNECT_TIMEOUT_MS: '5000' },
    messageEveryMs: 500,
    faults: [
      { kind: 'stall', atMs: 8 * SECOND_MS, forMs: 60 * SECOND_MS, how: 'silent' },
      { kind: 'stall', atMs: 110 * SECOND_MS, forMs: 60 * SECOND_MS, how: 'black-hole' },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 40 * SECOND_MS },
        { claim: 'all-answered', withinMs: 50 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.open', atLeast: 3 }],
    },
  },
})
