import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SOUND } from '../support.ts'

export const burstBetweenSamples = defineScenario({
  id: '512mb-quota/burst-between-samples',
  family: '512mb-quota',
  proves:
    'a burst of garbage at 40 MB a second, too quick for any sampling, is caught before twice the quota',
  durationMs: HOUR_MS,
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
    {
      kind: 'balloon',
      atMs: 25 * MINUTE_MS,
      jitterMs: MINUTE_MS,
      shape: 'burst',
      memory: 'garbage',
      toMb: 350,
      mbPerSecond: 40,
      holdMs: 60_000,
    },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 5 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 5 * MINUTE_MS },
    ],
    sometimes: [{ event: 'log.memory.cleanup', where: { urgency: 'emergency' } }],
  },
})
