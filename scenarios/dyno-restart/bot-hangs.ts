import { defineScenario } from '../../sim/scenario.ts'
import { MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const botHangs = defineScenario({
  id: 'dyno-restart/bot-hangs',
  family: 'dyno-restart',
  proves:
    'a bot whose event loop blocks, computing or waiting, is replaced within its dyno soon after the stall; a pause of 20 s is forgiven',
  durationMs: 40 * MINUTE_MS,
  faults: [
    { kind: 'bot-hang', how: 'computing', atMs: 5 * MINUTE_MS, forMs: MINUTE_MS, jitterMs: MINUTE_MS },
    { kind: 'bot-hang', how: 'idle', atMs: 15 * MINUTE_MS, forMs: MINUTE_MS, jitterMs: MINUTE_MS },
    { kind: 'bot-hang', how: 'idle', atMs: 25 * MINUTE_MS, forMs: 20 * SECOND_MS, jitterMs: MINUTE_MS },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: MINUTE_MS },
      { claim: 'all-answered', withinMs: 2 * MINUTE_MS },
    ],
    sometimes: [
      { event: 'log.supervisor.bot-hung', where: { evidence: 'computing' } },
      { event: 'log.supervisor.bot-hung', where: { evidence: 'idle' } },
      { event: 'process.killed', atLeast: 2 },
      { event: 'wa.open', atLeast: 3 },
    ],
  },
  real: {
    durationMs: 52 * SECOND_MS,
    settings: { ...SHORT_WAITS, BOT_STALL_MS: '6000', HEARTBEAT_INTERVAL_MS: '1000' },
    messageEveryMs: 500,
    faults: [
      { kind: 'bot-hang', how: 'idle', atMs: 8 * SECOND_MS, forMs: 15 * SECOND_MS },
      { kind: 'bot-hang', how: 'idle', atMs: 28 * SECOND_MS, forMs: 3 * SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 20 * SECOND_MS },
      ],
      sometimes: [{ event: 'process.killed', where: { signal: 'SIGKILL' } }],
    },
  },
})
