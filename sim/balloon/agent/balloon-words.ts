/** The words of the balloon's command line, checked before anything starts. */

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { LabProblem } from '../../cli/lab-problem.ts'
import { REAL_BALLOON_KINDS } from './balloon-protocol.ts'
import type { RealBalloonKind } from './balloon-protocol.ts'
import type { RealBalloonPlan } from './real-balloon.ts'

const MB_BYTES = 1_048_576
const NAME = 'npm run balloon --'

export interface BalloonWords {
  readonly plan: RealBalloonPlan
  readonly command: readonly [string, ...string[]]
  /** The process whose command line has this in it is inflated. */
  readonly process: string | undefined
}

interface RawOptions {
  kind: RealBalloonKind
  shape: RealBalloonPlan['shape']
  to: number
  rate: number
  hold: number
  process?: string
}

const AFTER_HELP = `
The target is any command that runs Node 20 or newer; every process of it is reached through NODE_OPTIONS.

Exit codes: 0 the plan was carried out, 1 the target ended before, 2 wrong usage,
5 no process called in within 10 s, 127 command not found.

Example: ${NAME} --kind external --shape burst --to 300 --rate 50 --hold 10 -- node server.js`

/** @returns undefined when help was asked for and shown. @throws LabProblem */
export function parseBalloonWords(
  words: readonly string[],
  write: (text: string) => void,
): BalloonWords | undefined {
  const split = words.indexOf('--')
  const program = createProgram(write)
  try {
    program.parse(split === -1 ? [...words] : words.slice(0, split), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return undefined
    const what = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
    throw new LabProblem({ what, where: words.join(' '), mend: '--help shows the options' })
  }
  const [file, ...args] = split === -1 ? [] : words.slice(split + 1)
  if (file === undefined) {
    throw new LabProblem({
      what: 'no command was given',
      where: words.join(' '),
      mend: `give it after two dashes: ${NAME} -- node server.js`,
    })
  }
  const raw = program.opts<RawOptions>()
  return {
    plan: {
      shape: raw.shape,
      kind: raw.kind,
      toBytes: Math.round(raw.to * MB_BYTES),
      bytesPerSecond: raw.rate * MB_BYTES,
      holdMs: raw.hold * 1_000,
      followsRestart: false,
    },
    command: [file, ...args],
    process: raw.process,
  }
}

function createProgram(write: (text: string) => void): Command {
  return new Command(NAME)
    .description('Inflates real memory inside a running Node program, and prints what it takes.')
    .usage('[options] -- <command …>')
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => undefined, getOutHelpWidth: () => 110 })
    .allowExcessArguments(false)
    .addOption(new Option('--kind <name>', 'what it takes').choices(REAL_BALLOON_KINDS).default('external'))
    .addOption(
      new Option('--shape <name>', 'over time').choices(['leak', 'burst', 'saw-tooth']).default('burst'),
    )
    .addOption(new Option('--to <MB>', 'the most').argParser(positive).default(100))
    .addOption(new Option('--rate <MB/s>', 'how quickly').argParser(positive).default(20))
    .addOption(new Option('--hold <s>', 'how long afterwards').argParser(notNegative).default(5))
    .option('--process <text>', 'in the process whose command line contains this; default: the first')
    .addHelpText('after', AFTER_HELP)
}

function positive(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It must be a number above 0.')
  return value
}

function notNegative(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('It must be a number from 0 up.')
  return value
}
