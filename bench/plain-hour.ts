/** The declared workload and nothing else: one hour, a chat message in 10 s, no fault. Figures are of this. */

import { defineScenario } from '../sim/scenario.ts'

export const plainHour = defineScenario({
  id: 'bench/plain-hour',
  // A scenario needs a family; this one is in no list and is run by the bench alone.
  family: 'dyno-restart',
  proves: 'an hour of ordinary life passes without a reconnect, and every command is answered',
  durationMs: 3_600_000,
  claims: {
    always: ['single-socket', 'answered-at-most-once', 'session-integrity', 'undisturbed'],
    eventually: [{ claim: 'all-answered', withinMs: 3_600_000 }],
  },
})
