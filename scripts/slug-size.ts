/** Sizes of what a platform would run: bytes on disk, and packed as it is sent to the dyno. */

import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Of all files below a folder; links count as themselves. */
export function folderBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name)
    return sum + (entry.isDirectory() ? folderBytes(path) : lstatSync(path).size)
  }, 0)
}

/** Paths at the root of the repository that .slugignore takes out; only such lines are used here. */
export function ignoredPaths(slugIgnore: string): string[] {
  return slugIgnore
    .split('\n')
    .filter((line) => line.startsWith('/'))
    .map((line) => line.slice(1))
}

/** The command of a process type in a Procfile. */
export function procfileCommand(procfile: string, type: string): string | undefined {
  const line = procfile.split('\n').find((each) => each.startsWith(`${type}:`))
  return line?.slice(type.length + 1).trim()
}
