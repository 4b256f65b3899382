/** The scenarios, for people by family and for programs as JSON. */

import { CLAIM_MEANINGS } from '../checkers/claim.ts'
import { FAMILIES } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import { countText, hoursText } from './durations.ts'
import type { Colors } from './terminal.ts'

export function listText(scenarios: readonly Scenario[], colors: Colors): string {
  const width = Math.max(0, ...scenarios.map((scenario) => scenario.id.length))
  const families = FAMILIES.flatMap((family) => {
    const own = scenarios.filter((scenario) => scenario.family === family)
    if (own.length === 0) return []
    return ['', colors.bold(family), ...own.map((scenario) => scenarioLine(scenario, width, colors))]
  })
  const footer = [
    '',
    `${countText(scenarios.length, 'scenario')}. Run some: npm run lab -- run ID or FAMILY …; all: npm run lab`,
  ]
  return `${[...families.slice(1), ...footer].join('\n')}\n`
}

function scenarioLine(scenario: Scenario, width: number, colors: Colors): string {
  const hasBoth = scenario.real !== undefined && scenario.defaultLevel !== 'real'
  const levels = `${scenario.defaultLevel}${hasBoth ? ', real' : ''}`
  const facts = `${hoursText(scenario.durationMs).padStart(7)}  ${levels.padEnd(13)}`
  return `  ${scenario.id.padEnd(width)}  ${colors.dim(facts)}  ${scenario.proves}`
}

export function listJson(scenarios: readonly Scenario[]): string {
  const listed = scenarios.map(({ id, family, proves, durationMs, defaultLevel, faults, claims, real }) => ({
    id,
    family,
    proves,
    durationMs,
    defaultLevel,
    faults: faults.map((fault) => fault.kind),
    claims,
    ...(real === undefined ? {} : { real: { durationMs: real.durationMs, claims: real.claims } }),
  }))
  return `${JSON.stringify({ scenarios: listed, claimMeanings: CLAIM_MEANINGS }, undefined, 2)}\n`
}
