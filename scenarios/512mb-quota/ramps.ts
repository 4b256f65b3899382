import { defineRealScenario } from '../../sim/scenario.ts'
import type { Scenario } from '../../sim/scenario.ts'
import { SECOND_MS, SOUND } from '../support.ts'

/** Where a ramp ends: beyond twice the quota, so that whoever does nothing meets R15. */
const TO_MB = 1_100
const BEGINS_AT_MS = 8 * SECOND_MS

/** From a slow leak to a flood of media; each starts at an idle bot and goes on for ever if it is let. */
export const ramps: readonly Scenario[] = [5, 10, 25, 50].map((mbPerSecond) => {
  const growsMs = Math.ceil(TO_MB / mbPerSecond) * SECOND_MS
  return defineRealScenario({
    id: `512mb-quota/ramp-${mbPerSecond}`,
    family: '512mb-quota',
    proves: `memory that grows by ${mbPerSecond} MB a second in an idle bot never reaches R15`,
    real: {
      durationMs: BEGINS_AT_MS + growsMs + 40 * SECOND_MS,
      settings: {},
      messageEveryMs: 5 * SECOND_MS,
      faults: [
        { kind: 'balloon', atMs: BEGINS_AT_MS, shape: 'leak', memory: 'external', toMb: TO_MB, mbPerSecond },
      ],
      claims: {
        always: [...SOUND],
        eventually: [
          { claim: 'connected', withinMs: 35 * SECOND_MS },
          { claim: 'all-answered', withinMs: 38 * SECOND_MS },
        ],
        sometimes: [{ event: 'log.memory.cleanup' }],
      },
    },
  })
})
