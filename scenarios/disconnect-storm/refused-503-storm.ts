import { defineScenario } from '../../sim/scenario.ts'
import { MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const refused503Storm = defineScenario({
  id: 'disconnect-storm/refused-503-storm',
  family: 'disconnect-storm',
  proves:
    'a gateway that drops, refuses and hangs for half an hour is asked ever more slowly, and the bot returns by itself',
  durationMs: 80 * MINUTE_MS,
  faults: [
    {
      kind: 'storm',
      atMs: 5 * MINUTE_MS,
      jitterMs: MINUTE_MS,
      count: 500,
      everyMs: SECOND_MS,
      statusCode: 503,
    },
    { kind: 'refuse-logins', atMs: 6 * MINUTE_MS, forMs: 10 * MINUTE_MS, how: 'status', statusCode: 503 },
    { kind: 'refuse-logins', atMs: 16 * MINUTE_MS, forMs: 11 * MINUTE_MS, how: 'tcp' },
    { kind: 'refuse-logins', atMs: 27 * MINUTE_MS, forMs: 11 * MINUTE_MS, how: 'hang' },
  ],
  claims: {
    always: [...SOUND],
    // After fifteen failures in a row the bot probes every 7.5 to 15 minutes.
    eventually: [
      { claim: 'connected', withinMs: 18 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 22 * MINUTE_MS },
    ],
    sometimes: [
      { event: 'wa.login-refused', atLeast: 2 },
      { event: 'wa.refused', atLeast: 4 },
    ],
  },
  real: {
    durationMs: 130 * SECOND_MS,
    settings: {
      ...SHORT_WAITS,
      CONNECT_TIMEOUT_MS: '4000',
      // As in the virtual world a probe falls into each refusal, because no wait is as long as one of them lasts;
      // the budget of an ordinary minute would be spent by the storm, and the bot would sit out what follows.
      RECONNECT_PROBE_INTERVAL_MS: '10000',
      RECONNECT_MAX_ATTEMPTS_PER_WINDOW: '30',
    },
    messageEveryMs: 500,
    faults: [
      { kind: 'storm', atMs: 8 * SECOND_MS, count: 500, everyMs: 50, statusCode: 503 },
      { kind: 'refuse-logins', atMs: 33 * SECOND_MS, forMs: 15 * SECOND_MS, how: 'status', statusCode: 503 },
      { kind: 'refuse-logins', atMs: 48 * SECOND_MS, forMs: 15 * SECOND_MS, how: 'tcp' },
      { kind: 'refuse-logins', atMs: 63 * SECOND_MS, forMs: 15 * SECOND_MS, how: 'hang' },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 40 * SECOND_MS },
        { claim: 'all-answered', withinMs: 45 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.close', atLeast: 6 }, { event: 'wa.login-refused' }],
    },
  },
})
