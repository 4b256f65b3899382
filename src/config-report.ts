/** Problems of the configuration as text for the person who has to mend them. */

import type { ConfigProblem } from './config.ts'

/** One line a problem: what, where, and how to mend it. */
export function configProblemsText(problems: readonly ConfigProblem[]): string {
  const lines = problems.map(({ setting, problem, remedy }) => `  ${setting} ${problem}. ${remedy}\n`)
  const count = problems.length === 1 ? 'one setting' : `${problems.length} settings`
  return `The bot cannot start with ${count}:\n${lines.join('')}`
}
