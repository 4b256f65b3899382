import { defineScenario } from '../../sim/scenario.ts'
import { MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const heartbeatLate = defineScenario({
  id: 'dyno-restart/heartbeat-late',
  family: 'dyno-restart',
  proves: 'heartbeats up to 20 s late, and a machine that stands still for 20 s, cost no bot its life',
  durationMs: 40 * MINUTE_MS,
  faults: [
    { kind: 'slow-messages', atMs: 5 * MINUTE_MS, forMs: 10 * MINUTE_MS, upToMs: 20 * SECOND_MS },
    { kind: 'hang', atMs: 20 * MINUTE_MS, forMs: 20 * SECOND_MS, jitterMs: MINUTE_MS },
    { kind: 'bot-hang', how: 'idle', atMs: 25 * MINUTE_MS, forMs: 22 * SECOND_MS, jitterMs: MINUTE_MS },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 2 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 3 * MINUTE_MS },
    ],
    sometimes: [{ event: 'log.supervisor.bot-late' }, { event: 'log.supervisor.bot-heard-again' }],
  },
  real: {
    durationMs: 45 * SECOND_MS,
    settings: { ...SHORT_WAITS, BOT_STALL_MS: '12000', HEARTBEAT_INTERVAL_MS: '1000' },
    messageEveryMs: 500,
    faults: [
      { kind: 'hang', atMs: 8 * SECOND_MS, forMs: 6 * SECOND_MS },
      { kind: 'bot-hang', how: 'idle', atMs: 22 * SECOND_MS, forMs: 6 * SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 15 * SECOND_MS },
        { claim: 'all-answered', withinMs: 15 * SECOND_MS },
      ],
      sometimes: [{ event: 'dyno.hang' }, { event: 'bot.hang' }],
    },
  },
})
