import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, PRODUCTION_SAMPLING, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const cleanupIneffective = defineScenario({
  id: '512mb-quota/cleanup-ineffective',
  family: '512mb-quota',
  proves:
    'memory in small native blocks, which no cleanup gives back, ends in one recycle and not in a loop of them',
  durationMs: HOUR_MS,
  settings: PRODUCTION_SAMPLING,
  faults: [
    {
      kind: 'balloon',
      atMs: 10 * MINUTE_MS,
      jitterMs: MINUTE_MS,
      shape: 'leak',
      memory: 'small-blocks',
      toMb: 330,
      mbPerSecond: 2,
    },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 10 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 10 * MINUTE_MS },
    ],
    sometimes: [{ event: 'log.memory.cleanup' }, { event: 'log.bot.recycle' }],
  },
  real: {
    durationMs: 66 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      {
        kind: 'balloon',
        atMs: 8 * SECOND_MS,
        shape: 'leak',
        memory: 'small-blocks',
        toMb: 330,
        mbPerSecond: 12,
      },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 25 * SECOND_MS },
        { claim: 'all-answered', withinMs: 25 * SECOND_MS },
      ],
      sometimes: [{ event: 'process.exited', where: { reason: 'recycle' } }],
    },
  },
})
