import { defineScenario } from '../../sim/scenario.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SOUND } from '../support.ts'

export const phoneUnseen = defineScenario({
  id: 'multi-day/phone-unseen',
  family: 'multi-day',
  proves:
    'of a phone that is off for eleven days the owner is warned once, after ten, whatever restarts there are, and told when it is back',
  durationMs: 13 * DAY_MS,
  defaultLevel: 'model',
  dailyCycling: true,
  faults: [{ kind: 'phone-off', atMs: 20 * HOUR_MS, jitterMs: HOUR_MS, forMs: 11 * DAY_MS }],
  claims: {
    always: [...SOUND, 'phone-watched'],
    eventually: [
      { claim: 'connected', withinMs: 10 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 15 * MINUTE_MS },
    ],
    sometimes: [
      { event: 'dyno.sigterm', atLeast: 11 },
      { event: 'log.phone.unseen' },
      { event: 'log.phone.seen-again' },
    ],
  },
})
