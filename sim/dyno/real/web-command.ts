/**
 * The command of the web process: from the words after `--`, or from a Procfile. One word with blanks in it
 * is a line for the shell, as each line of a Procfile is; several words are run as they are.
 */

import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

export interface WebCommand {
  /** As the log shows it. */
  readonly text: string
  readonly file: string
  readonly args: readonly string[]
}

/** Every image that has a shell has this one. */
export const CONTAINER_SHELL = '/bin/sh'

/**
 * Undefined for no words at all.
 * @param shell runs a line; by default this machine's
 */
export function commandOf(words: readonly string[], shell?: string): WebCommand | undefined {
  const [first, ...rest] = words
  if (first === undefined || first.trim() === '') return undefined
  const isLine = rest.length === 0 && /[\s;&|$<>]/.test(first)
  return isLine ? shellLine(first, shell) : { text: words.join(' '), file: first, args: rest }
}

/** Heroku runs it by bash, which replaces itself with a simple command: no shell stays in between. */
function shellLine(line: string, shell = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh'): WebCommand {
  return { text: line, file: shell, args: ['-c', line] }
}

/** The `web` line of a Procfile in the folder; undefined without the file or the line. */
export function procfileCommand(folder: string): WebCommand | undefined {
  const line = procfileLine(folder)
  return line === undefined ? undefined : shellLine(line)
}

/** The same as text, as `commandOf` takes it. */
export function procfileLine(folder: string): string | undefined {
  const file = join(folder, 'Procfile')
  if (!existsSync(file)) return undefined
  return /^web:\s*(.+)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.trim()
}

/** `missing` and `not-executable` are what a shell would say with 127 and 126. */
export type CommandFinding = 'found' | 'missing' | 'not-executable'

/** Looks where the dyno would look: `folder` is the app's, `path` the PATH. */
export function findCommand(command: WebCommand, folder: string, path: string): CommandFinding {
  const { file } = command
  const candidates = file.includes('/')
    ? [isAbsolute(file) ? file : join(folder, file)]
    : [join(folder, 'node_modules', '.bin'), ...path.split(delimiter)].map((place) => join(place, file))
  const existing = candidates.filter((candidate) => existsSync(candidate) && statSync(candidate).isFile())
  if (existing.length === 0) return 'missing'
  return existing.some(isExecutable) ? 'found' : 'not-executable'
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
