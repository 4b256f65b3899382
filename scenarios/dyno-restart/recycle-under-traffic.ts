import { defineScenario } from '../../sim/scenario.ts'
import { MINUTE_MS, PRODUCTION_SAMPLING, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const recycleUnderTraffic = defineScenario({
  id: 'dyno-restart/recycle-under-traffic',
  family: 'dyno-restart',
  proves:
    'a bot that asks for a fresh process in the middle of traffic gets it within its dyno, and no command is lost or answered twice',
  durationMs: 40 * MINUTE_MS,
  settings: PRODUCTION_SAMPLING,
  workload: { bursts: [{ atMs: 8 * MINUTE_MS, forMs: 8 * MINUTE_MS, count: 960 }] },
  faults: [
    {
      kind: 'balloon',
      atMs: 9 * MINUTE_MS,
      jitterMs: MINUTE_MS,
      shape: 'leak',
      memory: 'small-blocks',
      toMb: 330,
      mbPerSecond: 3,
    },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 5 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 10 * MINUTE_MS },
    ],
    sometimes: [
      { event: 'process.exited', where: { reason: 'recycle' } },
      { event: 'wa.open', atLeast: 2 },
    ],
  },
  real: {
    durationMs: 80 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 200,
    faults: [
      {
        kind: 'balloon',
        atMs: 8 * SECOND_MS,
        shape: 'leak',
        memory: 'small-blocks',
        toMb: 330,
        mbPerSecond: 10,
      },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 25 * SECOND_MS },
      ],
      sometimes: [{ event: 'process.exited', where: { reason: 'recycle' } }],
    },
  },
})
