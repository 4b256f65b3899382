import { describe, expect, it } from 'vitest'
import { scenarios } from '../../../../scenarios/index.ts'
import { CALIBRATION_SETS, calibrationSetOf } from '../../../../sim/conform/calibration-sets.ts'
import { twinOf } from '../../../../sim/conform/twin.ts'
import { defineScenario } from '../../../../sim/scenario.ts'
import type { Scenario, ScenarioInput } from '../../../../sim/scenario.ts'

const CLAIMS = { always: ['single-socket'] } as const satisfies ScenarioInput['claims']

function scenarioWith(real: Partial<NonNullable<ScenarioInput['real']>>): Scenario {
  return defineScenario({
    id: 'dyno-restart/some',
    family: 'dyno-restart',
    proves: 'nothing but the twin',
    durationMs: 3_600_000,
    claims: { always: ['no-leaks'] },
    real: { durationMs: 65_000, claims: { always: [...CLAIMS.always] }, ...real },
  })
}

function twinScenario(scenario: Scenario): Scenario {
  const twin = twinOf(scenario)
  if ('reasons' in twin) throw new Error(twin.reasons.join('; '))
  return twin.scenario
}

describe('the twin of a scenario', () => {
  it("has the real part's time line, settings and claims", () => {
    const faults = [{ kind: 'sigkill', atMs: 9_000 } as const]
    const twin = twinScenario(scenarioWith({ settings: { SEND_GAP_MS: '0' }, faults }))
    expect(twin).toMatchObject({ durationMs: 65_000, settings: { SEND_GAP_MS: '0' }, faults, claims: CLAIMS })
    expect(twin.real).toBeUndefined()
  })

  it('samples memory as often as the deployed bot does, not as the virtual world would', () => {
    expect(twinScenario(scenarioWith({})).settings['MEMORY_SAMPLE_INTERVAL_MS']).toBe('2000')
  })

  it('has as many messages as the people of the real part send', () => {
    const [burst] = twinScenario(scenarioWith({ messageEveryMs: 500 })).workload.bursts
    expect(burst).toEqual({ atMs: 0, forMs: 60_000, count: 119 })
  })

  it('keeps the night quiet', () => {
    const quiet = { atMs: 10_000, forMs: 20_000 }
    const { bursts } = twinScenario(scenarioWith({ messageEveryMs: 500, workload: { quiet } })).workload
    expect(bursts.map(({ atMs, forMs }) => [atMs, forMs])).toEqual([
      [0, 10_000],
      [30_000, 30_000],
    ])
  })

  it('does not exist where the calendar is compressed or a fault has no twin, and the reasons are said', () => {
    const faults = [{ kind: 'proxy', atMs: 1, fault: { kind: 'refuse' } } as const]
    expect(twinOf(scenarioWith({ compress: 10, faults }))).toEqual({
      reasons: [
        "the virtual world does not compress Heroku's calendar",
        'the virtual world has no refuse at the proxy',
      ],
    })
  })
})

describe('the sets of the memory model', () => {
  it('are scenarios with twins, and none is in both', () => {
    const ids = Object.values(CALIBRATION_SETS).flat()
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) {
      const scenario = scenarios.find((each) => each.id === id)
      expect(scenario && twinOf(scenario)).toMatchObject({ scenario: { id } })
    }
    expect(calibrationSetOf('512mb-quota/slow-leak')).toBe('held out')
    expect(calibrationSetOf('postgres/outage-short')).toBeUndefined()
  })
})
