import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SOUND } from '../support.ts'

/**
 * The one workload of `npm run lab -- compare`: everything that a day may bring, within minutes, on settings as they
 * are deployed. Its balloons are those of slow-leak and burst-between-samples; nothing is chosen for a result.
 */
export const publishedWorkload = defineRealScenario({
  id: '512mb-quota/published-workload',
  family: '512mb-quota',
  proves:
    'history, bursts, a leak, disconnects, a restart and a crash on the settings as deployed: under the quota, no QR, nothing lost',
  real: {
    durationMs: 310 * SECOND_MS,
    settings: {},
    // Twice the workload that the lab declares for an ordinary hour, and a burst.
    messageEveryMs: 5 * SECOND_MS,
    workload: {
      directChats: 20,
      groups: 4,
      bursts: [{ atMs: 62 * SECOND_MS, forMs: 10 * SECOND_MS, count: 30 }],
    },
    faults: [
      { kind: 'history-flood', atMs: 4 * SECOND_MS, chats: 200, messagesEach: 250 },
      { kind: 'balloon', atMs: 8 * SECOND_MS, shape: 'leak', memory: 'heap', toMb: 900, mbPerSecond: 8 },
      { kind: 'disconnect', atMs: 90 * SECOND_MS, jitterMs: 2 * SECOND_MS, statusCode: 428 },
      { kind: 'disconnect', atMs: 115 * SECOND_MS, jitterMs: 2 * SECOND_MS, statusCode: 503 },
      {
        kind: 'balloon',
        atMs: 140 * SECOND_MS,
        shape: 'burst',
        memory: 'external',
        toMb: 500,
        mbPerSecond: 40,
        holdMs: 5 * SECOND_MS,
      },
      { kind: 'dyno-restart', atMs: 180 * SECOND_MS, jitterMs: 2 * SECOND_MS },
      { kind: 'sigkill', atMs: 205 * SECOND_MS, jitterMs: 2 * SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 80 * SECOND_MS },
        { claim: 'all-answered', withinMs: 100 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.close', atLeast: 2 }, { event: 'dyno.sigterm' }],
    },
  },
})
