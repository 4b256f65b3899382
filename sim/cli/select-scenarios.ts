/**
 * Which scenarios a command's words mean: an exact id, a family, or a file. An unknown word is answered with
 * the nearest known one, because ids are long and easily mistyped.
 */

import { closest } from 'fastest-levenshtein'
import type { Scenario } from '../scenario.ts'
import { LabProblem } from './lab-problem.ts'
import { isScenarioFile, loadScenarioFile } from './scenario-file.ts'

export const COMMANDS = ['list', 'run', 'compare', 'replay', 'conform', 'doctor'] as const

/**
 * In the order of the words, each scenario once; without words, all.
 * @throws LabProblem for a word that means nothing, or a file that is no scenario
 */
export async function selectScenarios(
  known: readonly Scenario[],
  selectors: readonly string[],
  directory: string,
): Promise<Scenario[]> {
  if (selectors.length === 0) return [...known]
  const selected = new Map<string, Scenario>()
  for (const selector of selectors) {
    const found = isScenarioFile(selector)
      ? await loadScenarioFile(directory, selector)
      : findScenarios(known, selector)
    for (const scenario of found) addOnce(selected, scenario, selector)
  }
  return [...selected.values()]
}

function findScenarios(known: readonly Scenario[], word: string): Scenario[] {
  const exact = known.filter((scenario) => scenario.id === word)
  const found = exact.length > 0 ? exact : known.filter((scenario) => scenario.family === word)
  if (found.length === 0) throw unknownScenario(known, word)
  return found
}

function unknownScenario(known: readonly Scenario[], word: string): LabProblem {
  return new LabProblem({
    what: `unknown scenario "${word}"`,
    where: 'the scenarios to run',
    mend: `did you mean ${nearestWord(known, word)}? \`npm run lab -- list\` shows them all`,
  })
}

/** Words are compared by edit distance with ids, families, names without their family, and commands. */
function nearestWord(known: readonly Scenario[], word: string): string {
  const meanings = new Map<string, string>()
  for (const command of COMMANDS) meanings.set(command, `the command "${command}"`)
  for (const { id, family } of known) {
    meanings.set(family, `"${family}"`)
    meanings.set(id.slice(id.indexOf('/') + 1), `"${id}"`)
    meanings.set(id, `"${id}"`)
  }
  return meanings.get(closest(word.toLowerCase(), [...meanings.keys()])) ?? `"${word}"`
}

function addOnce(selected: Map<string, Scenario>, scenario: Scenario, selector: string): void {
  const present = selected.get(scenario.id)
  if (present !== undefined && JSON.stringify(present) !== JSON.stringify(scenario)) {
    throw new LabProblem({
      what: `two different scenarios are called "${scenario.id}"`,
      where: selector,
      mend: 'give one of them another id: results and files are named after it',
    })
  }
  selected.set(scenario.id, scenario)
}

/** `--all` or a subset, and names beside it. */
export function bothWholeAndNames(whole: string, names: readonly string[]): LabProblem {
  return new LabProblem({
    what: `${whole} and names of scenarios exclude each other`,
    where: names.join(' '),
    mend: `leave out either ${whole} or the names`,
  })
}
