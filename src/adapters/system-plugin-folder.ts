/** What a folder of plugins holds, in the order of their names; nothing is loaded. */

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FoundPlugin } from '../ports/plugin-folder.ts'

const MODULES = ['index.js', 'index.mjs', 'index.ts']

/** Empty when there is no such folder. */
export function readPluginFolder(folder: string): FoundPlugin[] {
  return foldersIn(folder).map((name) => {
    const at = join(resolve(folder), name)
    const module = MODULES.map((file) => join(at, file)).find((path) => existsSync(path))
    return {
      name,
      manifest: textOf(join(at, 'plugin.json')),
      module: module === undefined ? undefined : pathToFileURL(module).href,
    }
  })
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted()
  } catch {
    return []
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
