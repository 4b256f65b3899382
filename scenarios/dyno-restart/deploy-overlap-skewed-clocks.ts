import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

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
  real: {
    durationMs: 75 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [
      { kind: 'deploy', atMs: 8 * SECOND_MS, jitterMs: SECOND_MS },
      { kind: 'clock-step', atMs: 16 * SECOND_MS, byMs: HOUR_MS },
      { kind: 'deploy', atMs: 22 * SECOND_MS, jitterMs: SECOND_MS },
      { kind: 'clock-step', atMs: 30 * SECOND_MS, byMs: -HOUR_MS },
      { kind: 'sigkill', atMs: 36 * SECOND_MS, jitterMs: SECOND_MS },
      { kind: 'deploy', atMs: 46 * SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 22 * SECOND_MS },
      ],
      sometimes: [
        { event: 'dyno.clock-step', atLeast: 2 },
        { event: 'dyno.sigterm', atLeast: 3 },
      ],
    },
  },
})
