import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

const KINDS = ['bad-tag', 'malformed-node', 'empty-body', 'text-frame', 'partial-frame', 'message-without-id']

export const corruptFrames = defineRealScenario({
  id: 'disconnect-storm/corrupt-frames',
  family: 'disconnect-storm',
  proves: 'frames that no client should ever get end a connection at most, and never the process',
  real: {
    durationMs: 80 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 250,
    faults: KINDS.map((how, index) => ({
      kind: 'wire',
      atMs: (8 + 7 * index) * SECOND_MS,
      jitterMs: SECOND_MS,
      fault: { kind: 'corrupt-frame', how },
    })),
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 25 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.connect', atLeast: 2 }],
    },
  },
})
