/** The memory model as it is kept: real runs, what today's ledger makes of the same scenarios, and what is said of it. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { scenarios } from '../../../../scenarios/index.ts'
import { isStarved } from '../../../../sim/cli/conform-command.ts'
import { FIT_SET, HELD_OUT_SET } from '../../../../sim/conform/calibration-sets.ts'
import { RUNS_FOR_PEAK, compareLevels } from '../../../../sim/conform/conformity.ts'
import type { Conformity } from '../../../../sim/conform/conformity.ts'
import { observe, versionOf } from '../../../../sim/conform/observation.ts'
import { readObservations } from '../../../../sim/conform/observations-file.ts'
import { twinOf } from '../../../../sim/conform/twin.ts'
import { LEDGER_CONSTANTS } from '../../../../sim/fakes/ledger-constants.ts'
import { runScenario } from '../../../../sim/world/run.ts'

const RESULTS = join(import.meta.dirname, '../../../../docs/results')
const REAL = readObservations(join(RESULTS, 'real-runs.json')).filter((each) => !isStarved(each))
/** As in the command; a seed more or less hardly moves the median. */
const SEEDS = 10
const TIMEOUT_MS = 180_000
/** A time line that is moved a little moves a peak a little; more than this is another model. */
const MOVED_SHARE = 0.03

const keptSchema = z.object({
  isCalibrated: z.boolean(),
  scenarios: z.array(
    z.object({
      scenario: z.string(),
      realRuns: z.number(),
      peak: z.object({ ledgerMb: z.number() }).nullable(),
    }),
  ),
})
const KEPT = keptSchema.parse(JSON.parse(readFileSync(join(RESULTS, 'calibration.json'), 'utf8')))

async function conformityOf(id: string): Promise<Conformity> {
  const scenario = scenarios.find((each) => each.id === id)
  const twin = scenario && twinOf(scenario)
  if (scenario === undefined || twin === undefined || !('scenario' in twin))
    throw new Error(`${id} has no twin`)
  const virtual = []
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const request = {
      scenario: twin.scenario,
      level: 'model',
      seed,
      target: 'bot',
      memoryEveryMs: 500,
    } as const
    const result = await runScenario(request, { database: undefined, keepLines: Number.MAX_SAFE_INTEGER })
    virtual.push(observe(scenario, result, twin.scenario.durationMs) ?? [])
  }
  return compareLevels(
    REAL.filter(({ scenario: name, version }) => name === id && version === versionOf(scenario)),
    virtual.flat(),
    new Set(['no-leaks']),
  )
}

describe('the memory model', () => {
  it.each([...FIT_SET, ...HELD_OUT_SET])(
    'makes of %s what is kept of it, and asks its reclaimers as real bots do',
    async (id) => {
      const now = await conformityOf(id)
      const kept = KEPT.scenarios.find(({ scenario }) => scenario === id)
      const keptMb = kept?.peak?.ledgerMb ?? Number.NaN
      expect(kept?.realRuns).toBe(now.realRuns)
      expect(Math.abs((now.peak?.ledgerMb ?? Number.NaN) - keptMb)).toBeLessThan(keptMb * MOVED_SHARE)
      expect(now.reclaimers.isSame).toBe(true)
    },
    TIMEOUT_MS,
  )

  it(
    'is called calibrated just when the scenarios that it was not fitted on lie in their bands',
    async () => {
      const found = await Promise.all(HELD_OUT_SET.map((id) => conformityOf(id)))
      const isCalibrated = found.every(
        ({ peak, realRuns }) => peak?.isWithin === true && realRuns >= RUNS_FOR_PEAK,
      )
      expect(LEDGER_CONSTANTS.isCalibrated).toBe(isCalibrated)
      expect(KEPT.isCalibrated).toBe(isCalibrated)
      expect(LEDGER_CONSTANTS.note.startsWith('calibrated')).toBe(isCalibrated)
    },
    TIMEOUT_MS,
  )
})
