import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SOUND } from '../support.ts'

export const deployOverlapSkewedClocks = defineScenario({
  id: 'dyno-restart/deploy-overlap-skewed-clocks',
  family: 'dyno-restart',
  proves: 'dynos whose clocks differ, drift and step still never hold the session together',
  durationMs: HOUR_MS,
  clocks: { maxSkewMs: 30 * SECOND_MS, maxDriftPpm: 500 },
  faults: [
    { kind: 'deploy', atMs: 8 * MINUTE_MS, jitterMs: MINUTE_MS },
    { kind: 'clock-step', atMs: 14 * MINUTE_MS, byMs: HOUR_MS, jitterMs: MINUTE_MS },
    { kind: 'deploy', atMs: 20 * MINUTE_MS, jitterMs: MINUTE_MS },
    { kind: 'clock-step', atMs: 26 * MINUTE_MS, byMs: -HOUR_MS, jitterMs: MINUTE_MS },
    { kind: 'sigkill', atMs: 32 * MINUTE_MS, jitterMs: MINUTE_MS },
    { kind: 'deploy', atMs: 42 * MINUTE_MS, jitterMs: MINUTE_MS },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 3 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 5 * MINUTE_MS },
    ],
    sometimes: [
      { event: 'dyno.clock-step', atLeast: 2 },
      { event: 'log.lease.taken', atLeast: 4 },
    ],
  },
})
