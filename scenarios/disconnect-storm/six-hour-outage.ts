import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const sixHourOutage = defineScenario({
  id: 'disconnect-storm/six-hour-outage',
  family: 'disconnect-storm',
  proves:
    'after six hours without WhatsApp the bot is back unaided and answers 5,000 waiting messages within both budgets',
  durationMs: 8 * HOUR_MS,
  workload: { bursts: [{ atMs: 20 * MINUTE_MS, forMs: 5 * HOUR_MS, count: 2_900 }] },
  faults: [
    { kind: 'disconnect', atMs: 15 * MINUTE_MS, statusCode: 428 },
    { kind: 'refuse-logins', atMs: 15 * MINUTE_MS, forMs: 6 * HOUR_MS, how: 'tcp' },
    // The flood of waiting messages meets a memory that is already short.
    { kind: 'balloon', atMs: 6 * HOUR_MS, shape: 'leak', memory: 'heap', toMb: 320, mbPerSecond: 1 },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 35 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 90 * MINUTE_MS },
    ],
    sometimes: [
      { event: 'log.connection.probing', atLeast: 1 },
      { event: 'log.bot.recycle', atLeast: 1 },
    ],
  },
  real: {
    durationMs: 130 * SECOND_MS,
    settings: { ...SHORT_WAITS, RECONNECT_MAX_RETRIES: '5', RECONNECT_PROBE_INTERVAL_MS: '10000' },
    messageEveryMs: 500,
    workload: { bursts: [{ atMs: 15 * SECOND_MS, forMs: 50 * SECOND_MS, count: 500 }] },
    faults: [
      { kind: 'disconnect', atMs: 8 * SECOND_MS, statusCode: 428 },
      { kind: 'refuse-logins', atMs: 8 * SECOND_MS, forMs: 70 * SECOND_MS, how: 'tcp' },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 45 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.close', atLeast: 6 }],
    },
  },
})
