import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

/** The last one hurts only when so many further bytes have come that it seems whole: nothing may wait for that. */
const KINDS = ['bad-tag', 'malformed-node', 'empty-body', 'text-frame', 'message-without-id', 'partial-frame']

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
      sometimes: [{ event: 'wa.connect', atLeast: 6 }],
    },
  },
})
