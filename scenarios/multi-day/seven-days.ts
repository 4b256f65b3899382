import { defineScenario } from '../../sim/scenario.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const sevenDays = defineScenario({
  id: 'multi-day/seven-days',
  family: 'multi-day',
  proves:
    'seven days of ordinary life with daily cycling: no QR, no lost command, and memory and timers stay flat',
  durationMs: 7 * DAY_MS,
  defaultLevel: 'model',
  dailyCycling: true,
  faults: [
    { kind: 'disconnect', atMs: 20 * HOUR_MS, jitterMs: HOUR_MS, statusCode: 428 },
    { kind: 'store-outage', atMs: 44 * HOUR_MS, jitterMs: HOUR_MS, forMs: 2 * MINUTE_MS },
    { kind: 'deploy', atMs: 70 * HOUR_MS, jitterMs: HOUR_MS },
    { kind: 'stall', atMs: 93 * HOUR_MS, jitterMs: HOUR_MS, forMs: 5 * MINUTE_MS, how: 'black-hole' },
    { kind: 'storm', atMs: 118 * HOUR_MS, jitterMs: HOUR_MS, count: 60, everyMs: 10_000, statusCode: 503 },
    { kind: 'duplicates', atMs: 140 * HOUR_MS, forMs: HOUR_MS, probability: 0.3 },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 10 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 15 * MINUTE_MS },
    ],
    sometimes: [{ event: 'dyno.sigterm', atLeast: 6 }],
  },
  real: {
    durationMs: 150 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    compress: 5_400,
    faults: [
      { kind: 'disconnect', atMs: 20 * SECOND_MS, statusCode: 428 },
      { kind: 'store-outage', atMs: 44 * SECOND_MS, forMs: 1_500 },
      { kind: 'deploy', atMs: 70 * SECOND_MS },
      { kind: 'duplicates', atMs: 90 * SECOND_MS, forMs: 20 * SECOND_MS, probability: 1 },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 35 * SECOND_MS },
        { claim: 'all-answered', withinMs: 38 * SECOND_MS },
      ],
      sometimes: [{ event: 'dyno.sigterm', where: { reason: 'cycling' }, atLeast: 6 }],
    },
  },
})
