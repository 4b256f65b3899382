import { defineScenario } from '../../sim/scenario.ts'
import { MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const starvedCpu = defineScenario({
  id: 'dyno-restart/starved-cpu',
  family: 'dyno-restart',
  proves:
    'a bot that gets a tenth of a CPU, and whose heartbeats so come later than the stall, is told from one that hangs',
  durationMs: 40 * MINUTE_MS,
  faults: [
    { kind: 'starve', atMs: 5 * MINUTE_MS, forMs: 5 * MINUTE_MS, timerDelayMs: 2 * SECOND_MS },
    { kind: 'bot-starve', atMs: 15 * MINUTE_MS, forMs: 6 * MINUTE_MS, timerDelayMs: 35 * SECOND_MS },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 5 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 6 * MINUTE_MS },
    ],
    sometimes: [{ event: 'log.supervisor.bot-starved' }],
  },
  real: {
    durationMs: 75 * SECOND_MS,
    settings: { ...SHORT_WAITS, BOT_STALL_MS: '8000', HEARTBEAT_INTERVAL_MS: '1000' },
    messageEveryMs: 500,
    faults: [
      { kind: 'starve', atMs: 10 * SECOND_MS, forMs: 15 * SECOND_MS, timerDelayMs: 100 },
      { kind: 'bot-starve', atMs: 35 * SECOND_MS, forMs: 15 * SECOND_MS, timerDelayMs: 100 },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 15 * SECOND_MS },
        { claim: 'all-answered', withinMs: 20 * SECOND_MS },
      ],
      sometimes: [{ event: 'dyno.starve', atLeast: 2 }],
    },
  },
})
