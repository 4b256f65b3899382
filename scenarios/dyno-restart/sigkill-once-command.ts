import { defineScenario } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SOUND } from '../support.ts'

export const sigkillOnceCommand = defineScenario({
  id: 'dyno-restart/sigkill-once-command',
  family: 'dyno-restart',
  proves: 'a command that must not run twice does not, wherever SIGKILL finds it, and its sender is told so',
  durationMs: HOUR_MS,
  workload: { onceEvery: 1 },
  faults: [8, 13, 18, 23, 28, 33, 38, 43].map((minute, index) => ({
    kind: 'signal-mid-write',
    signal: 'SIGKILL',
    operation: index % 2 === 0 ? 'markStarted' : 'recordHandled',
    atMs: minute * MINUTE_MS,
    jitterMs: MINUTE_MS,
  })),
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 3 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 5 * MINUTE_MS },
    ],
    sometimes: [{ event: 'log.once.ran', atLeast: 200 }],
  },
})
