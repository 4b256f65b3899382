/** Makes the published comparison of scenarios and what their runs measured. Pure. */

import { parseConfig } from '../../src/config.ts'
import { compareSides } from '../assertions/comparison.ts'
import { expectationsOf } from '../assertions/expectations.ts'
import type { Burst } from '../assertions/expectations.ts'
import type { Measurements } from '../assertions/measurements.ts'
import { serviceLevel } from '../assertions/service-level.ts'
import type { ComparedScenario, PublishedComparison } from '../report/published-comparison.ts'
import { quickestBalloon, workloadLines } from '../report/workload-text.ts'
import type { Scenario } from '../scenario.ts'

/** Whose expectations are judged. */
export const OWN = 'bot'

export function compareRuns(
  scenarios: readonly Scenario[],
  sides: readonly string[],
  runs: readonly Measurements[],
): PublishedComparison {
  const machines = runs.flatMap(({ machine }) => machine ?? [])
  const loads = machines.flatMap(({ load }) => load)
  return {
    machine:
      machines[0] === undefined
        ? undefined
        : { cores: machines[0].cores, load: [Math.min(...loads), Math.max(...loads)] },
    scenarios: scenarios.map((scenario) =>
      compareScenario(
        scenario,
        sides,
        runs.filter((run) => run.scenario === scenario.id),
      ),
    ),
  }
}

function compareScenario(
  scenario: Scenario,
  sides: readonly string[],
  runs: readonly Measurements[],
): ComparedScenario {
  const runsOf = (side: string): Measurements[] => runs.filter(({ target }) => target === side)
  const isInterrupted = scenario.real?.faults.some(
    ({ kind }) => kind === 'dyno-restart' || kind === 'sigkill' || kind === 'deploy',
  )
  return {
    scenario: scenario.id,
    proves: scenario.proves,
    workload: workloadLines(scenario),
    comparison: compareSides(sides.map((name) => ({ name, runs: runsOf(name) }))),
    expectations: expectationsOf(runsOf(OWN), burstOf(scenario)),
    serviceLevels:
      isInterrupted === true
        ? Object.fromEntries(sides.map((side) => [side, serviceLevel(runsOf(side))]))
        : undefined,
  }
}

/** How quickly memory grows, against how often the bot looks. */
function burstOf({ real }: Scenario): Burst | undefined {
  const mbPerSecond = real && quickestBalloon(real)
  if (real === undefined || mbPerSecond === undefined) return undefined
  const parsed = parseConfig({ DATABASE_URL: 'postgres://lab@127.0.0.1/lab', ...real.settings })
  return parsed.ok ? { mbPerSecond, sampleMs: parsed.config.memorySampleIntervalMs } : undefined
}
