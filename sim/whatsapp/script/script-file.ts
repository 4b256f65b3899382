/** Reads a script from a JSON file or from a module that exports it as `script`. */

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ZodError } from 'zod'
import { LabProblem } from '../../cli/lab-problem.ts'
import { describeIssues } from '../../cli/schema-problem.ts'
import { scriptSchema } from './script.ts'
import type { Script } from './script.ts'

/** @throws LabProblem naming each wrong field by path and expectation */
export async function loadScript(directory: string, file: string): Promise<Script> {
  const value = await readValue(resolve(directory, file), file)
  const parsed = scriptSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw wrongFields(file, parsed.error)
}

async function readValue(path: string, file: string): Promise<unknown> {
  try {
    if (!/\.[cm]?[jt]s$/.test(file)) return JSON.parse(readFileSync(path, 'utf8')) as unknown
    const module = (await import(pathToFileURL(path).href)) as { readonly script?: unknown }
    return module.script
  } catch (error) {
    // `defineScript` checks while the module loads.
    if (error instanceof ZodError) throw wrongFields(file, error)
    throw new LabProblem(
      {
        what: `the script cannot be loaded: ${(error as Error).message}`,
        where: file,
        mend: 'check that the path is right and that the file is whole JSON or a module that exports `script`',
      },
      { cause: error },
    )
  }
}

function wrongFields(file: string, error: ZodError): LabProblem {
  return new LabProblem({
    what: ['the script has wrong fields', ...describeIssues(error)].join('\n    '),
    where: file,
    mend: 'correct these fields; docs/fake-whatsapp-admin.md says what each may hold',
  })
}
