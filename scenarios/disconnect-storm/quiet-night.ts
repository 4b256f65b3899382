import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const quietNight = defineScenario({
  id: 'disconnect-storm/quiet-night',
  family: 'disconnect-storm',
  proves: 'eight hours without any message cause neither a reconnect, nor a restart, nor a message',
  durationMs: 10 * HOUR_MS,
  workload: { quiet: { atMs: HOUR_MS, forMs: 8 * HOUR_MS } },
  claims: {
    always: [...SOUND, 'undisturbed'],
    eventually: [{ claim: 'connected', withinMs: 60_000 }],
    sometimes: [{ event: 'wa.probe' }],
  },
  real: {
    durationMs: 100 * SECOND_MS,
    // Probed several times in its silence, each time with the phone's answer to be awaited.
    settings: { ...SHORT_WAITS, CONNECTION_CHECK_INTERVAL: '5000', CONNECTION_QUIET_MS: '10000' },
    messageEveryMs: 500,
    workload: { quiet: { atMs: 10 * SECOND_MS, forMs: 75 * SECOND_MS } },
    faults: [],
    claims: {
      always: [...SOUND, 'undisturbed'],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 20 * SECOND_MS },
      ],
      sometimes: [
        { event: 'wa.sent', atLeast: 10 },
        { event: 'log.connection.suspicious', atLeast: 3 },
      ],
    },
  },
})
