/** A scenario as it runs at the real level: its own part in the place of the virtual one, and the bounds it declares. */

import { parseConfig } from '../../src/config.ts'
import type { Config } from '../../src/config.ts'
import type { Scenario, RealPart } from '../scenario.ts'
import type { RealTarget } from '../targets/real/real-target.ts'
import { isNotJudged } from './not-judged.ts'

/** A database to be named, so that the settings are whole; the run's own is put in its place. */
const NAMELESS = { DATABASE_URL: 'postgres://lab@127.0.0.1/lab' }

/**
 * The scenario with its real part's duration, settings, workload and claims.
 * @throws Error when it has none
 */
export function realScenario(
  scenario: Scenario,
  target: RealTarget,
): { readonly scenario: Scenario; readonly part: RealPart } {
  const { real: part } = scenario
  if (part === undefined) throw new Error(`${scenario.id} does not run at the real level`)
  const always = part.claims.always.filter((claim) => !isNotJudged(claim, target))
  return {
    part,
    scenario: {
      ...scenario,
      durationMs: part.durationMs,
      settings: part.settings,
      workload: part.workload,
      faults: [],
      claims: { ...part.claims, always },
    },
  }
}

/** @throws Error when the settings contradict each other */
export function realConfig({ id }: Scenario, settings: Readonly<Record<string, string>>): Config {
  const parsed = parseConfig({ ...NAMELESS, MEMORY_QUOTA_MB: '512', ...settings })
  if (parsed.ok) return parsed.config
  const problems = parsed.problems.map(({ setting, problem }) => `${setting} ${problem}`)
  throw new Error(`settings of ${id} at the real level: ${problems.join('; ')}`)
}
