/** What a bot broken on purpose is, and what is expected of it. */

import type { Scenario } from '../scenario.ts'
import { botWith } from './defects/defect.ts'
import type { Defect } from './defects/defect.ts'
import type { Target } from './target.ts'

export interface BrokenBot {
  /** All claims it breaks, as violations name them. */
  readonly breaks: readonly string[]
  /** What the violation says that shows the rule in question. */
  readonly says: RegExp
  /** A scenario, or the id of one, in which the sound bot holds and this one must not. */
  readonly scenario: string | Scenario
  readonly target: Target
}

export interface Expectation {
  readonly breaks: readonly string[]
  readonly says: RegExp
  readonly in: string | Scenario
}

export const UNANSWERED = 'eventually all-answered'

export function broken(name: string, expected: Expectation, defect: Defect): BrokenBot {
  const { breaks, says, in: scenario } = expected
  return { breaks, says, scenario, target: botWith(name, defect) }
}
