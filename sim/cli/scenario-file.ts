/**
 * Scenarios of one's own, from a file: JSON holds one scenario or an array of them; a TypeScript or
 * JavaScript module exports them under any name. What comes out is checked data, like the built-in ones.
 */

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ZodError } from 'zod'
import { errorMessageOf } from '../../src/errors.ts'
import { authoredScenarioSchema } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import { LabProblem } from './lab-problem.ts'
import { describeIssues } from './schema-problem.ts'

export function isScenarioFile(selector: string): boolean {
  return /\.(json|[cm]?[jt]s)$/.test(selector)
}

/** @throws LabProblem naming each wrong field by path and expectation */
export async function loadScenarioFile(directory: string, file: string): Promise<Scenario[]> {
  const path = resolve(directory, file)
  const values = file.endsWith('.json') ? readJson(file, path) : await importModule(file, path)
  if (values.length === 0) {
    throw new LabProblem({
      what: 'the file holds no scenario',
      where: file,
      mend: 'export what `defineScenario({ … })` returns, or write a scenario as JSON',
    })
  }
  const scenarios = values.map((value) => {
    const parsed = authoredScenarioSchema.safeParse(value)
    if (parsed.success) return parsed.data
    throw wrongFields(file, parsed.error)
  })
  await checkSettings(file, scenarios)
  return scenarios
}

/** The bot's settings are text to the scenario's schema; only the bot's own parser knows what they may be. */
async function checkSettings(file: string, scenarios: readonly Scenario[]): Promise<void> {
  // Loaded here because it brings in the whole world, and most calls of the lab name no file.
  const { labConfig } = await import('../world/lab-config.ts')
  for (const scenario of scenarios) {
    try {
      labConfig(scenario)
    } catch (error) {
      throw new LabProblem(
        {
          what: `the scenario has wrong settings: ${errorMessageOf(error)}`,
          where: `${file}, settings`,
          mend: 'correct these settings; docs/configuration.md lists them all with their ranges',
        },
        { cause: error },
      )
    }
  }
}

function readJson(file: string, path: string): unknown[] {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return Array.isArray(value) ? value : [value]
  } catch (error) {
    throw unreadable(file, error)
  }
}

async function importModule(file: string, path: string): Promise<unknown[]> {
  try {
    const module: unknown = await import(pathToFileURL(path).href)
    const exported = typeof module === 'object' && module !== null ? Object.values(module) : []
    return [...new Set(exported.flat())].filter(looksLikeScenario)
  } catch (error) {
    // `defineScenario` checks while the module loads.
    throw error instanceof ZodError ? wrongFields(file, error) : unreadable(file, error)
  }
}

function looksLikeScenario(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'claims' in value
}

function wrongFields(file: string, error: ZodError): LabProblem {
  return new LabProblem({
    what: ['the scenario has wrong fields', ...describeIssues(error)].join('\n    '),
    where: file,
    mend: 'correct these fields; sim/scenario.ts and sim/faults/fault.ts say what each may hold',
  })
}

function unreadable(file: string, error: unknown): LabProblem {
  return new LabProblem(
    {
      what: `the scenario file cannot be loaded: ${errorMessageOf(error)}`,
      where: file,
      mend: 'check that the path is right and that the file is whole JSON or a module that Node can import',
    },
    { cause: error },
  )
}
