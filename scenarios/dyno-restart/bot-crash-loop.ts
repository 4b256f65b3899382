import { defineScenario } from '../../sim/scenario.ts'
import { MINUTE_MS, SECOND_MS, SOUND } from '../support.ts'

export const botCrashLoop = defineScenario({
  id: 'dyno-restart/bot-crash-loop',
  family: 'dyno-restart',
  proves:
    'a bot that fails soon after each start is started ever more slowly, within both budgets, while its dyno lives; it is back when it fails no more',
  durationMs: 45 * MINUTE_MS,
  faults: [
    {
      kind: 'bot-crashes',
      atMs: 5 * MINUTE_MS,
      forMs: 15 * MINUTE_MS,
      withinMs: 5 * SECOND_MS,
      jitterMs: MINUTE_MS,
    },
  ],
  claims: {
    always: [...SOUND],
    // A full budget of either kind makes it wait for its window.
    eventually: [
      { claim: 'connected', withinMs: 11 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 12 * MINUTE_MS },
    ],
    sometimes: [
      { event: 'log.supervisor.restarting', where: { kind: 'crashed', why: 'backoff' }, atLeast: 5 },
    ],
  },
})
