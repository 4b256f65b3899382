/**
 * Anybody's bot as a target: a command as one types it in the bot's folder. Nothing is known of it but what can be
 * seen from outside; it runs in a copy of its folder, as on Heroku, where files end with the dyno.
 */

import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { parseEnv } from 'node:util'
import { LabProblem } from '../../cli/lab-problem.ts'
import { commandOf, findCommand } from '../../dyno/real/web-command.ts'
import type { TargetOptions } from '../../world/run-result.ts'
import { SEEN_FROM_INSIDE_ONLY } from './negative-controls.ts'
import { PRELOAD_FOLDER, preloadEnvironment } from './preload-environment.ts'
import type { RealPlaces, RealTarget } from './real-target.ts'

export interface CommandOptions extends TargetOptions {
  /** For finding the command: the PATH. */
  readonly path: string
}

/** The names by which a line of the file refers to what is new in each run, as `MY_DATABASE=$LAB_DATABASE_URL`. */
const REFERENCES: Readonly<Record<string, keyof RealPlaces>> = {
  LAB_DATABASE_URL: 'databaseUrl',
  LAB_WHATSAPP_URL: 'whatsappUrl',
  LAB_ADMIN_URL: 'adminUrl',
  LAB_ACCOUNT: 'account',
  LAB_SESSION_ID: 'sessionId',
  LAB_STATE_FOLDER: 'stateFolder',
}
const REFERENCE = /\$\{?(LAB_[A-Z_]+)\}?/g
/** What a shell does with a line, and words that only it knows; the first word of anything else is the program. */
const SHELL_ONLY = /[;&|$<>()`"'\\*?~{}[\]#!\n]|^\s*(?:\w+=|(?:exec|cd|\.|source|export|set|umask|ulimit)\s)/

/**
 * @throws LabProblem when there is no command, its program is not found, or the file of variables cannot be used
 */
export function targetOfCommand(text: string, options: CommandOptions): RealTarget {
  const { folder, image } = options
  const line = text.trim()
  checkCommand(line, options)
  const variables = readVariables(options.envFile)
  return {
    name: 'command',
    description:
      image === undefined
        ? `${line}, in a copy of ${basename(folder)}`
        : `${line} in the image ${image}`.trim(),
    command: commandFor(line, image),
    appFolder: folder,
    copy: 'linked',
    image,
    mounts: [PRELOAD_FOLDER],
    linking: 'qr',
    botProcess: undefined,
    notJudged: SEEN_FROM_INSIDE_ONLY,
    environment: (places) => {
      const own = Object.fromEntries(
        Object.entries(variables).map(([name, value]) => [name, resolved(value, places)]),
      )
      return {
        DATABASE_URL: places.databaseUrl,
        ...own,
        ...preloadEnvironment(places, own['NODE_OPTIONS'] ?? places.nodeOptions),
      }
    },
  }
}

/** An image may have no shell: it is asked for one only where the line needs it. */
function commandFor(line: string, image: string | undefined): readonly string[] {
  return image === undefined || SHELL_ONLY.test(line) ? [line] : line.split(/\s+/)
}

function checkCommand(text: string, { folder, path, image }: CommandOptions): void {
  const words = text.split(/\s+/)
  const mend = `give a command that starts the bot in ${folder}, as --target "node my-bot.js"`
  if (words[0] === '' || words[0] === undefined) {
    throw new LabProblem({ what: 'the command of the target is empty', where: '--target', mend })
  }
  // What an image holds is seen when it runs.
  if (image !== undefined) return
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    const give = 'give the folder in which the bot is started'
    throw new LabProblem({ what: 'there is no such folder', where: `--target-folder ${folder}`, mend: give })
  }
  if (SHELL_ONLY.test(text)) return
  const program = commandOf([words[0], ...words.slice(1)])
  const finding = program === undefined ? 'missing' : findCommand(program, folder, path)
  if (finding === 'found') return
  const what =
    finding === 'missing' ? `there is no program ${words[0]}` : `${words[0]} is not a program that can be run`
  throw new LabProblem({ what, where: `--target "${text}"`, mend: `${mend}, or the name of a target` })
}

function readVariables(file: string | undefined): Readonly<Record<string, string>> {
  if (file === undefined) return {}
  const problem = (what: string, mend: string, cause?: unknown): LabProblem =>
    new LabProblem({ what, where: `--target-env ${file}`, mend }, { cause })
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw problem('the file of variables cannot be read', 'give a file of NAME=value lines', error)
  }
  if (text.includes('\0'))
    throw problem('the file of variables is no text', 'give a file of NAME=value lines')
  const variables = parseEnv(text) as Record<string, string>
  for (const [name, value] of Object.entries(variables)) {
    for (const [, reference = ''] of value.matchAll(REFERENCE)) {
      if (reference in REFERENCES) continue
      const known = Object.keys(REFERENCES).join(', ')
      throw problem(`${name} refers to ${reference}, which the lab does not give`, `it gives ${known}`)
    }
  }
  return variables
}

function resolved(value: string, places: RealPlaces): string {
  return value.replaceAll(REFERENCE, (whole, name: string) => {
    const place = REFERENCES[name]
    return place === undefined ? whole : places[place]
  })
}
