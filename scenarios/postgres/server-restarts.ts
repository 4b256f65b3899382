import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

/** On a server of the run's own, with real processes of Postgres that die and recover. */
export const serverRestarts = defineRealScenario({
  id: 'postgres/server-restarts',
  family: 'postgres',
  proves:
    'a Postgres server that crashes, with the dyno restarted meanwhile, and is restarted later costs no message and no QR',
  real: {
    durationMs: 65 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      {
        kind: 'postgres-server',
        atMs: 8 * SECOND_MS,
        jitterMs: 2 * SECOND_MS,
        forMs: 8 * SECOND_MS,
        how: 'kill',
      },
      { kind: 'dyno-restart', atMs: 12 * SECOND_MS, jitterMs: SECOND_MS },
      {
        kind: 'postgres-server',
        atMs: 32 * SECOND_MS,
        jitterMs: 2 * SECOND_MS,
        forMs: SECOND_MS,
        how: 'stop',
      },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 22 * SECOND_MS },
        { claim: 'all-answered', withinMs: 25 * SECOND_MS },
      ],
      sometimes: [{ event: 'fault.postgres-server', where: { phase: 'lifted' }, atLeast: 2 }],
    },
  },
})
