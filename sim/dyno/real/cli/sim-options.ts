/**
 * The simulator's words: its own options come before `--`, the app's command after it. Wrong words end as a
 * problem with what, where and how to mend it, before anything has been started.
 */

import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { errorMessageOf } from '../../../../src/errors.ts'
import { LabProblem } from '../../../cli/lab-problem.ts'
import { DYNO_SIZES, DYNO_SIZE_NAMES } from '../dyno-size.ts'
import type { DynoSizeName } from '../dyno-size.ts'
import type { HerokuSimOptions } from '../heroku-sim.ts'
import { MEMORY_MODELS } from '../memory-watch.ts'
import type { MemoryModel } from '../memory-watch.ts'
import type { WebCommand } from '../web-command.ts'
import { SIM_NAME as NAME, commandFor } from './command-words.ts'
import { addDynoOptions, dynoOf } from './dyno-words.ts'
import type { DynoWords } from './dyno-words.ts'
import { SIM_EXIT } from './sim-exit-code.ts'

export interface SimWords {
  readonly options: Omit<HerokuSimOptions, 'command' | 'onLine' | 'onEvent'>
  /** Undefined: the one that the container's image names. */
  readonly command: WebCommand | undefined
  /** Ends by itself after so long; undefined: never. */
  readonly forMs: number | undefined
}

interface RawOptions extends DynoWords {
  size: DynoSizeName
  port: number
  app: string
  compress: number
  memoryModel: MemoryModel
  copy: 'linked' | 'full' | 'none'
  env: string[]
  configVars?: string
  termTwice?: true
  preboot?: true
  cycling: boolean
  logRuntimeMetrics?: true
  https?: true
  seed: string
  for?: number
}

const AFTER_HELP = `
Without a command: the \`web\` line of the app's Procfile, or what the image names. One word with blanks is run by the shell.

While it runs, lines on stdin command it: restart, deploy, cycle, kill, scale 0, scale 1, ps, quit.
Ctrl-C ends the dyno in order (SIGTERM, 30 s), a second one at once.

Exit codes: 0 nothing went wrong, 1 the dyno crashed (R10, R15, its process ended), 2 wrong usage,
4 R12 (it ignored SIGTERM), 5 the machine (port taken, no Docker, no image), 126 not executable, 127 command not found,
130 killed by a second Ctrl-C.

Examples:
  ${NAME} -- node server.js
  ${NAME} --size eco --compress 1000 --app ../my-bot -- 'node main.js --port $PORT'
  ${NAME} --env DATABASE_URL --log-runtime-metrics
  ${NAME} --dyno container --image my-bot:1`

/**
 * @param words without node and the program's name
 * @param environment from which `--env NAME` takes its value, and PATH
 * @returns undefined when help was asked for and shown
 * @throws LabProblem
 */
export function parseSimWords(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  write: (text: string) => void,
): SimWords | undefined {
  const split = words.indexOf('--')
  const ownWords = split === -1 ? words : words.slice(0, split)
  const program = createProgram(write)
  try {
    program.parse([...ownWords], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return undefined
    throw problem(
      error.message.replace(/^error: /, '').replaceAll('\n', ' '),
      words.join(' '),
      '--help shows the options',
    )
  }
  const raw = program.opts<RawOptions>()
  const appFolder = resolve(raw.app)
  if (!isFolder(appFolder))
    throw problem(`there is no folder ${appFolder}`, '--app', 'give the folder of the app')
  const { canPreboot } = DYNO_SIZES[raw.size]
  if (raw.preboot === true && !canPreboot) {
    throw problem(`${raw.size} dynos cannot preboot`, '--preboot', 'choose --size standard-1x or above')
  }
  const dyno = dynoOf(raw)
  const commandWords = split === -1 ? [] : words.slice(split + 1)
  return {
    command: commandFor(dyno, appFolder, commandWords, environment['PATH'] ?? ''),
    options: {
      dyno,
      appFolder,
      configVars: configVarsOf(raw, environment),
      copy: raw.copy,
      memoryModel: raw.memoryModel,
      hasRuntimeMetrics: raw.logRuntimeMetrics === true,
      size: raw.size,
      port: raw.port,
      protocol: raw.https === true ? 'https' : 'http',
      compress: raw.compress,
      hasPreboot: raw.preboot === true,
      hasDailyCycling: raw.cycling,
      seed: raw.seed,
      rules: raw.termTwice === true ? { repeatedSigtermChance: 1 } : {},
    },
    forMs: raw.for,
  }
}

function createProgram(write: (text: string) => void): Command {
  return addDynoOptions(
    new Command(NAME)
      .description("Runs a web process under Heroku's rules, with Heroku's log on stdout.")
      .usage('[options] -- <command …>')
      .exitOverride()
      .configureOutput({ writeOut: write, writeErr: () => undefined, getOutHelpWidth: () => 110 })
      .allowExcessArguments(false)
      .addOption(new Option('--size <name>', 'dyno size').choices(DYNO_SIZE_NAMES).default('basic'))
      .addOption(
        new Option('--port <n>', "the router's port on 127.0.0.1; 0: any").argParser(portOf).default(5000),
      )
      .option('--app <folder>', 'the app', '.')
      .addOption(
        new Option(
          '--copy <how>',
          "the dyno's own files: node_modules hard-linked, everything copied, or none",
        )
          .choices(['linked', 'full', 'none'])
          .default('linked'),
      )
      .addOption(
        new Option('--compress <n>', 'calendar waits (cycling, cool-off, sleep, preboot) take 1/n')
          .argParser(compressOf)
          .default(1),
      )
      .addOption(
        new Option('--memory-model <name>', 'heroku: R14, R15; cgroup: a hard limit at the quota')
          .choices(MEMORY_MODELS)
          .default('heroku'),
      )
      .option('--env <NAME[=value]>', 'a config var; without a value, from this environment', addWord, [])
      // Not --env-file: Node takes that word for itself wherever it stands.
      .option('--config-vars <file>', 'config vars from a file of NAME=value lines')
      .option('--term-twice', 'SIGTERM arrives twice')
      .option('--preboot', 'new dynos boot before old ones end')
      .option('--no-cycling', 'no daily restart')
      .option('--log-runtime-metrics', 'memory and load at each sample, as the Labs feature does')
      .option('--https', 'tell the app that clients use TLS')
      .option('--seed <text>', 'determines every draw', '1')
      .option('--for <seconds>', 'end in order after so long', secondsOf)
      .addHelpText('after', AFTER_HELP),
  )
}

function configVarsOf(
  raw: RawOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const fromFile = raw.configVars === undefined ? {} : readEnvFile(raw.configVars)
  const fromWords = raw.env.map((word): [string, string] => {
    const [, name, , value] = /^([A-Za-z_]\w*)(=([\s\S]*))?$/.exec(word) ?? []
    if (name === undefined)
      throw problem('a config var must be NAME or NAME=value', '--env', 'e.g. --env LOG_LEVEL=debug')
    const known = value ?? environment[name]
    if (known === undefined)
      throw problem(`${name} is not set here`, '--env', `give it a value: --env ${name}=…`)
    return [name, known]
  })
  return { ...fromFile, ...Object.fromEntries(fromWords) }
}

function readEnvFile(file: string): Record<string, string> {
  try {
    const parsed = parseEnv(readFileSync(file, 'utf8'))
    return Object.fromEntries(
      Object.entries(parsed).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    )
  } catch (error) {
    throw problem(
      `the config vars cannot be read: ${errorMessageOf(error)}`,
      file,
      'give a file of NAME=value lines',
    )
  }
}

function addWord(word: string, before: string[]): string[] {
  return [...before, word]
}

function portOf(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('It must be 0 to 65535.')
  return Number(text)
}

function compressOf(text: string): number {
  const factor = Number(text)
  if (!Number.isFinite(factor) || factor < 1) throw new InvalidArgumentError('It must be a number from 1 up.')
  return factor
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (!Number.isFinite(seconds) || seconds <= 0)
    throw new InvalidArgumentError('It must be seconds, above 0.')
  return seconds * 1_000
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function problem(what: string, where: string, mend: string, exitCode: number = SIM_EXIT.usage): LabProblem {
  return new LabProblem({ what, where, mend, exitCode })
}
