/**
 * What a phone that is off costs the whole bot in a night without messages: it cannot be told from a connection that
 * delivers nothing, so one reconnect, and no more.
 */

import { expect, it } from 'vitest'
import { defineScenario } from '../../sim/scenario.ts'
import { runScenario } from '../../sim/world/run.ts'

const HOUR_MS = 3_600_000

const scenario = defineScenario({
  id: 'disconnect-storm/phone-off',
  family: 'disconnect-storm',
  proves: 'a phone that is off for a quiet night costs one reconnect',
  durationMs: 12 * HOUR_MS,
  workload: { quiet: { atMs: HOUR_MS, forMs: 9 * HOUR_MS } },
  faults: [{ kind: 'phone-off', atMs: 2 * HOUR_MS, forMs: 6 * HOUR_MS, jitterMs: 0.5 * HOUR_MS }],
  claims: {
    always: ['single-socket', 'backoff-law', 'dyno-lives'],
    eventually: [{ claim: 'connected', withinMs: 60_000 }],
    sometimes: [{ event: 'log.connection.phone-unheard' }],
  },
})

it.each([1, 2, 3])('costs one reconnect, and no more (seed %i)', async (seed) => {
  const environment = { database: undefined, keepLines: 100_000 }
  const result = await runScenario({ scenario, level: 'model', seed, target: 'bot' }, environment)
  const logins = result.lines.filter((line) => line.includes('wa.open'))
  expect([result.verdict, logins.length]).toEqual(['holds', 2])
})
