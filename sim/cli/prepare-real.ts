/** What a command does before runs at the real level: which scenarios can run there, and the bot compiled. */

import type { Scenario } from '../scenario.ts'
import type { LabEnvironment } from './lab-environment.ts'
import { LabProblem } from './lab-problem.ts'

const MINUTE_MS = 60_000

/** @throws InfrastructureError when the bot cannot be built; Interrupted */
export async function prepareReal({ engine, terminal, lifetime }: LabEnvironment): Promise<void> {
  const say = (line: string): void => terminal.writeError(`${terminal.colors.dim(line)}\n`)
  await lifetime.unlessInterrupted(engine.buildBot(say))
}

/**
 * Of what was selected, what runs on real processes.
 * @param selectors words that named them; a scenario named by its own id must be able to
 * @throws LabProblem when a named one cannot, or none can
 */
export function realScenarios(selected: readonly Scenario[], selectors: readonly string[]): Scenario[] {
  const able = selected.filter(({ real }) => real !== undefined)
  const unable = selected.find(({ id, real }) => real === undefined && selectors.includes(id))
  if (unable === undefined && able.length > 0) return able
  throw new LabProblem({
    what: `${unable?.id ?? 'none of these scenarios'} does not run at the real level`,
    where: `--level real ${selectors.join(' ')}`.trim(),
    mend: 'a scenario with a `real` part does; `npm run lab -- list` marks those',
  })
}

/** The same time lines, and ordinary life afterwards until so many minutes are over: what grows slowly needs time. */
export function lastingMinutes(scenarios: readonly Scenario[], minutes: number | undefined): Scenario[] {
  return scenarios.map((scenario) => {
    const { real } = scenario
    if (real === undefined || minutes === undefined) return scenario
    return { ...scenario, real: { ...real, durationMs: Math.max(real.durationMs, minutes * MINUTE_MS) } }
  })
}
