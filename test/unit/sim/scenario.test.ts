import { describe, expect, it } from 'vitest'
import { defineScenario } from '../../../sim/scenario.ts'
import type { Scenario, ScenarioInput } from '../../../sim/scenario.ts'

const CLAIMS: ScenarioInput['claims'] = {
  always: ['single-socket'],
  eventually: [{ claim: 'connected', withinMs: 15_000 }],
}

/** The hang begins at up to 10 s and is over 28 s later: the bot has until 53 s. */
const FAULTS: ScenarioInput['faults'] = [
  { kind: 'bot-hang', atMs: 8_000, jitterMs: 2_000, forMs: 28_000, how: 'idle' },
  { kind: 'sigkill', atMs: 12_000 },
]

function scenario(
  durationMs: number,
  realDurationMs: number,
  claims = CLAIMS,
  faults: ScenarioInput['faults'] = FAULTS,
): Scenario {
  return defineScenario({
    id: 'dyno-restart/deadlines',
    family: 'dyno-restart',
    proves: 'nothing, on purpose',
    durationMs,
    faults,
    claims,
    real: { durationMs: realDurationMs, faults: FAULTS as never, claims },
  })
}

describe('the deadlines of a scenario', () => {
  it('may be the very end of its runs', () => {
    expect(scenario(53_000, 53_000).durationMs).toBe(53_000)
  })

  it('lie within the virtual run, after the last fault', () => {
    expect(() => scenario(52_999, 53_000)).toThrow(/over at 38000 ms, needs a durationMs of at least 53000/)
  })

  it('lie within the real run, too, and are named by their place', () => {
    expect(() => scenario(53_000, 52_999)).toThrow(/"real",\s*"claims",\s*"eventually",\s*0,\s*"withinMs"/)
  })

  it('count from the beginning where no fault is', () => {
    const claims: ScenarioInput['claims'] = {
      always: ['single-socket'],
      eventually: [{ claim: 'all-answered', withinMs: 53_001 }],
    }
    expect(() => scenario(53_000, 53_000, claims, [])).toThrow(/all-answered within 53001 ms/)
  })
})
