import { describe, expect, it } from 'vitest'
import { defineScenario } from '../../../../sim/scenario.ts'
import { runScenario } from '../../../../sim/world/run.ts'
import type { RunResult } from '../../../../sim/world/run-result.ts'

const SCENARIO = defineScenario({
  id: '512mb-quota/readings',
  family: '512mb-quota',
  proves: 'memory is read as often as asked',
  durationMs: 60_000,
  claims: { always: ['no-r15'] },
})

function run(memoryEveryMs?: number): Promise<RunResult> {
  const request = { scenario: SCENARIO, level: 'model', seed: 1, target: 'bot' } as const
  return runScenario(
    { ...request, ...(memoryEveryMs === undefined ? {} : { memoryEveryMs }) },
    { database: undefined, keepLines: 100_000 },
  )
}

const readingsIn = ({ lines }: RunResult): number =>
  lines.filter((line) => line.includes(' dyno.reading ')).length

describe('memory readings', () => {
  it('are in the trace as often as they were asked for, and else not at all', async () => {
    expect(readingsIn(await run(500))).toBeGreaterThan(110)
    expect(readingsIn(await run())).toBe(0)
  })
})
