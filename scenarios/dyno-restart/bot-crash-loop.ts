import { defineScenario } from '../../sim/scenario.ts'
import { MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

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
  real: {
    durationMs: 60 * SECOND_MS,
    settings: { ...SHORT_WAITS, BOT_RESTART_BACKOFF_BASE_MS: '1000', BOT_RESTART_BACKOFF_CAP_MS: '4000' },
    messageEveryMs: 500,
    faults: [{ kind: 'bot-crashes', atMs: 8 * SECOND_MS, forMs: 15 * SECOND_MS, withinMs: 2 * SECOND_MS }],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 25 * SECOND_MS },
      ],
      sometimes: [{ event: 'process.killed', atLeast: 3 }],
    },
  },
})
