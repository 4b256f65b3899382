/** Worlds that nobody thought of: one to seven faults of any kind, within twenty minutes, and time to recover. */

import fc from 'fast-check'
import { SOUND } from '../../../scenarios/support.ts'
import { faultEndMs, faultSchema } from '../../../sim/faults/fault.ts'
import type { FaultInput } from '../../../sim/faults/fault.ts'
import { defineScenario } from '../../../sim/scenario.ts'
import type { Scenario, ScenarioInput } from '../../../sim/scenario.ts'
import { runScenario } from '../../../sim/world/run.ts'
import type { RunResult } from '../../../sim/world/run-result.ts'
import type { VirtualDatabase } from '../../../sim/world/virtual-database.ts'
import { anyFault } from '../../unit/sim/faults/any-fault.ts'

const MINUTE_MS = 60_000
/** After many failures the bot probes every 7.5 to 15 minutes, and then the rest takes its course. */
const CONNECTED_WITHIN_MS = 25 * MINUTE_MS
const ANSWERED_WITHIN_MS = 40 * MINUTE_MS

export interface RandomWorld {
  readonly scenario: Scenario
  readonly seed: number
}

/** What else may differ from one world to the next. */
type Surroundings = Pick<ScenarioInput, 'clocks' | 'isPaired' | 'workload'>

export function randomWorlds(): fc.Arbitrary<RandomWorld> {
  const surroundings: fc.Arbitrary<Surroundings> = fc.record({
    clocks: fc.constantFrom({}, {}, { maxSkewMs: 30_000, maxDriftPpm: 500 }),
    isPaired: fc.constantFrom(true, true, true, false),
    workload: fc.constantFrom({}, { onceEvery: 2 }, { directChats: 100 }),
  })
  // Spread over twenty minutes, or all within five.
  const faults = fc
    .constantFrom(20 * MINUTE_MS, 5 * MINUTE_MS)
    .chain((withinMs) => fc.array(anyFault(withinMs), { minLength: 1, maxLength: 7 }))
  return fc
    .record({ faults, seed: fc.integer({ min: 1, max: 1_000_000 }), surroundings })
    .map((drawn) => ({ scenario: worldOf(drawn.faults, drawn.surroundings), seed: drawn.seed }))
}

function worldOf(inputs: readonly FaultInput[], surroundings: Surroundings): Scenario {
  const faults = inputs.map((input) => faultSchema.parse(input))
  const endMs = Math.max(...faults.map(faultEndMs))
  return defineScenario({
    id: 'multi-day/fuzz',
    family: 'multi-day',
    proves: 'no mixture of faults breaks a claim',
    durationMs: endMs + ANSWERED_WITHIN_MS + 2 * MINUTE_MS,
    settings: { MEMORY_SAMPLE_INTERVAL_MS: '2000' },
    ...surroundings,
    faults,
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: CONNECTED_WITHIN_MS },
        { claim: 'all-answered', withinMs: ANSWERED_WITHIN_MS },
      ],
    },
  })
}

/** At `model`, or on Postgres when a database is given. */
export function live({ scenario, seed }: RandomWorld, database?: VirtualDatabase): Promise<RunResult> {
  const level = database === undefined ? 'model' : 'virtual'
  return runScenario({ scenario, level, seed, target: 'bot' }, { database, keepLines: 0 })
}
