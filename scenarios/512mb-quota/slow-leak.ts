import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, PRODUCTION_SAMPLING, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const slowLeak = defineScenario({
  id: '512mb-quota/slow-leak',
  family: '512mb-quota',
  proves:
    'a leak of 0.2 MB a second meets cleanup at 70 %, emergency at 85 %, and ends in an orderly recycle',
  durationMs: 2 * HOUR_MS,
  settings: PRODUCTION_SAMPLING,
  faults: [
    {
      kind: 'balloon',
      atMs: 10 * MINUTE_MS,
      jitterMs: MINUTE_MS,
      shape: 'leak',
      memory: 'heap',
      toMb: 900,
      mbPerSecond: 0.2,
    },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 10 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 10 * MINUTE_MS },
    ],
    sometimes: [
      { event: 'log.memory.cleanup' },
      { event: 'log.memory.cleanup', where: { urgency: 'emergency' } },
      { event: 'log.bot.recycle' },
    ],
  },
  real: {
    durationMs: 120 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      { kind: 'balloon', atMs: 8 * SECOND_MS, shape: 'leak', memory: 'heap', toMb: 400, mbPerSecond: 5 },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 25 * SECOND_MS },
        { claim: 'all-answered', withinMs: 25 * SECOND_MS },
      ],
      sometimes: [{ event: 'log.memory.cleanup' }, { event: 'process.exited', where: { reason: 'recycle' } }],
    },
  },
})
