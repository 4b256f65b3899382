/** What documents name as a witness: a scenario by its id, a test by its path and, after `›`, its title. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scenarios } from '../../../scenarios/index.ts'

const ROOT = join(import.meta.dirname, '../../..')
const SCENARIO_IDS = new Set(scenarios.map(({ id }) => id))

/** Why the witness cannot be called; undefined when it can. */
export function absence(witness: string): string | undefined {
  const [path = '', title] = witness.split(' › ')
  if (!path.endsWith('.test.ts')) return SCENARIO_IDS.has(path) ? undefined : `${path} is no scenario`
  if (!existsSync(join(ROOT, path))) return `${path} does not exist`
  return title === undefined || titles(path).some((each) => each === title)
    ? undefined
    : `${path} has no test "${title}"`
}

function titles(path: string): string[] {
  const pattern =
    /\b(?:it|describe)(?:\.each[^(]*\((?:[^()]|\([^()]*\))*\))?\(\s*(['"`])((?:\\.|(?!\1).)*)\1/g
  return [...readFileSync(join(ROOT, path), 'utf8').matchAll(pattern)].map(([, , title = '']) => title)
}
