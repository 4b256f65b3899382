import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, PRODUCTION_SAMPLING, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const burstBetweenSamples = defineScenario({
  id: '512mb-quota/burst-between-samples',
  family: '512mb-quota',
  proves:
    'bursts at 40 MB a second, over before Heroku samples twice, are met in time: no R15 even by a cache that takes 1,400 MB',
  durationMs: HOUR_MS,
  settings: PRODUCTION_SAMPLING,
  faults: [
    {
      kind: 'balloon',
      atMs: 10 * MINUTE_MS,
      jitterMs: MINUTE_MS,
      shape: 'burst',
      memory: 'external',
      toMb: 500,
      mbPerSecond: 40,
      holdMs: 10_000,
    },
    // Never shed it would reach three times the quota: a bot that does nothing is killed.
    {
      kind: 'balloon',
      atMs: 25 * MINUTE_MS,
      jitterMs: MINUTE_MS,
      shape: 'burst',
      memory: 'cache',
      toMb: 1_400,
      mbPerSecond: 40,
      holdMs: 10_000,
    },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 5 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 5 * MINUTE_MS },
    ],
    sometimes: [
      { event: 'log.memory.cleanup', where: { urgency: 'emergency' } },
      { event: 'log.memory.cleanup', atLeast: 6 },
    ],
  },
  real: {
    durationMs: 110 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      {
        kind: 'balloon',
        atMs: 8 * SECOND_MS,
        shape: 'burst',
        memory: 'external',
        toMb: 500,
        mbPerSecond: 40,
        holdMs: 5 * SECOND_MS,
      },
      {
        kind: 'balloon',
        atMs: 45 * SECOND_MS,
        shape: 'burst',
        memory: 'garbage',
        toMb: 1_400,
        mbPerSecond: 40,
        holdMs: 2 * SECOND_MS,
      },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 20 * SECOND_MS },
      ],
      sometimes: [{ event: 'log.memory.cleanup' }],
    },
  },
})
