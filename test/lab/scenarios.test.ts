/** The sound bot holds in every scenario, the same seed gives the same trace, and both levels agree. */

import { describe, expect, it } from 'vitest'
import { scenarios } from '../../scenarios/index.ts'
import type { Scenario } from '../../sim/scenario.ts'
import { runScenario } from '../../sim/world/run.ts'
import type { RunResult } from '../../sim/world/run-result.ts'
import { openVirtualDatabase } from '../../sim/world/virtual-database.ts'
import { testDatabase } from '../support/database.ts'

function runAtModel(scenario: Scenario, seed: number): Promise<RunResult> {
  const request = { scenario, level: 'model', seed, target: 'bot' } as const
  return runScenario(request, { database: undefined, keepLines: 0 })
}

describe('every scenario', () => {
  const virtual = scenarios.filter(({ defaultLevel }) => defaultLevel !== 'real')

  it.each(virtual)('$id holds at model, twice alike', async (scenario) => {
    const first = await runAtModel(scenario, 1)
    expect(first.violations).toEqual([])
    expect(first.verdict).toBe('holds')
    if (scenario.family === 'multi-day') return
    expect((await runAtModel(scenario, 1)).traceHash).toBe(first.traceHash)
    const other = await runAtModel(scenario, 2)
    expect([other.verdict, other.traceHash === first.traceHash]).toEqual(['holds', false])
  })
})

describe('both levels', () => {
  const compared = [
    'dyno-restart/sigkill-mid-write',
    'postgres/outage-short',
    'disconnect-storm/restart-required-515',
  ]

  it.each(compared)('give the same trace for %s', async (id) => {
    const scenario = scenarios.find((each) => each.id === id)
    if (scenario === undefined) throw new Error(`no scenario ${id}`)
    const database = await openVirtualDatabase(await testDatabase())
    try {
      const request = { scenario, level: 'virtual', seed: 3, target: 'bot' } as const
      const virtual = await runScenario(request, { database, keepLines: 0 })
      expect(virtual.traceHash).toBe((await runAtModel(scenario, 3)).traceHash)
      expect(virtual.verdict).toBe('holds')
    } finally {
      await database.close()
    }
  })
})
