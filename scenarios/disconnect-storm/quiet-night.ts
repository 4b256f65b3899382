import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, SOUND } from '../support.ts'

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
})
