/**
 * The lab's commands and options, and their help. It only reads the words; what they do is in the command
 * files. Wrong words end as a LabProblem like any other bad input.
 */

import { Command, CommanderError, Option } from 'commander'
import { metricLines } from '../assertions/assertion.ts'
import { DYNO_KINDS } from '../dyno/real/housing/dyno-kind.ts'
import type { DynoKind } from '../dyno/real/housing/dyno-kind.ts'
import { LEVELS } from '../scenario.ts'
import type { Level } from '../scenario.ts'
import { TARGETS } from '../world/run-result.ts'
import { addCompare } from './compare-words.ts'
import { addConform } from './conform-words.ts'
import { doctorCommand } from './doctor-command.ts'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { addKillSweep } from './kill-sweep-words.ts'
import type { LabEnvironment, PostgresKind } from './lab-environment.ts'
import { LabProblem } from './lab-problem.ts'
import { EXIT_CODES, MAX_JOBS, postgresOption } from './common-options.ts'
import { listCommand } from './list-command.ts'
import { targetImageOf } from './prepare-real.ts'
import { replayCommand } from './replay-command.ts'
import { defaultJobs, runCommand } from './run-command.ts'
import { bothWholeAndNames } from './select-scenarios.ts'
import { wholeNumber } from './whole-number.ts'

const MAX_SEEDS = 100_000
/** A day: longer than that, Heroku restarts the dyno anyway. */
const MAX_MINUTES = 1_440

const RUN_EXAMPLES = `
Examples:
  npm run lab                                          all scenarios, seed 1
  npm run lab -- run disconnect-storm --seeds 20       a family, seeds 1 to 20
  npm run lab -- run dyno-restart/daily-cycle --seed 7 --repeat 2
  npm run lab -- run my-scenario.ts --level model      a scenario of your own
  npm run lab -- run --all --target before             what the old behaviour breaks
  npm run lab -- run --level real --assert 'connects/min<=6' --assert 'rss-peak<85%'
${EXIT_CODES}`

const BOUNDS_HELP = `
What --assert may bound:
  ${metricLines().join('\n  ')}`

interface RunWords {
  all?: boolean
  subset?: string
  level?: Level
  seed?: number
  seeds?: number
  target: string
  targetFolder?: string
  targetEnv?: string
  targetImage?: string
  dyno?: DynoKind['kind']
  repeat: number
  postgres: PostgresKind
  json?: string
  jobs?: number
  assert: string[]
  baseline?: string
  measurements?: string
  minutes?: number
}

/**
 * Reads the words and does what they say.
 * @param words without node and the program's name
 * @throws LabProblem, InfrastructureError, Interrupted
 */
export async function runProgram(environment: LabEnvironment, words: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.holds
  const program = createProgram(environment, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help was asked for and has been shown.
    if (error.exitCode === 0) return EXIT.holds
    throw new LabProblem({
      what: error.message.replace(/^error: /, '').replaceAll('\n', ' '),
      where: ['npm run lab --', ...words].join(' '),
      mend: 'npm run lab -- --help shows the commands, and `COMMAND --help` the options of one',
    })
  }
  return exitCode
}

function createProgram(environment: LabEnvironment, end: (code: ExitCode) => void): Command {
  const { terminal } = environment
  const program = new Command('npm run lab --')
    .description('Puts the bot to the test in simulated worlds. Without arguments: all scenarios, seed 1.')
    .usage('[command] [options]')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: () => undefined,
      getOutHelpWidth: () => Math.min(terminal.columns, 110),
    })
    .addHelpText('after', RUN_EXAMPLES)
  addRun(program, environment, end)
  addCompare(program, environment, end)
  program
    .command('list')
    .description('show the scenarios and what a pass of each proves')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) => end(listCommand(environment, { isJson: options.json === true })))
  program
    .command('replay')
    .description('run a failure again from its run.lab.json and judge it')
    .argument('<file>', 'a .run.lab.json file, as `run` writes it for each failure')
    .addOption(postgresOption())
    .addHelpText('after', EXIT_CODES)
    .action(async (file: string, options: { postgres: PostgresKind }) =>
      end(await replayCommand(environment, file, options)),
    )
  addKillSweep(program, environment, end)
  addConform(program, environment, end)
  program
    .command('doctor')
    .description('show what this machine offers: Node, cores, Docker, Postgres')
    .action(async () => end(await doctorCommand(environment)))
  return program
}

function addRun(program: Command, environment: LabEnvironment, end: (code: ExitCode) => void): void {
  const run = program
    .command('run', { isDefault: true })
    .description('run scenarios and judge their claims (the default command)')
    .argument('[scenarios...]', 'ids, families, or files (.json, .ts) with scenarios of your own; none: all')
    .option('--all', 'all scenarios, the same as naming none')
    .addOption(
      new Option('--subset <name>', 'some that belong together')
        .choices(Object.keys(environment.engine.subsets))
        .conflicts('all'),
    )
    .addOption(
      new Option('--level <level>', "where to run; default: each scenario's own level").choices(LEVELS),
    )
    .addOption(
      new Option('--seed <n>', 'one seed (default: 1)')
        .argParser(wholeNumber('--seed', 0))
        .conflicts('seeds'),
    )
    .addOption(new Option('--seeds <n>', 'the seeds 1 to n').argParser(wholeNumber('--seeds', 1, MAX_SEEDS)))
    .addOption(
      new Option('--repeat <n>', 'run each so often; traces must be equal')
        .argParser(wholeNumber('--repeat', 1, 1_000))
        .default(1),
    )
    .addOption(postgresOption())
    .option('--json <file>', 'write the results there, too')
    .addOption(
      new Option(
        '--minutes <n>',
        'at level real: last so long, with ordinary life after the faults',
      ).argParser(wholeNumber('--minutes', 1, MAX_MINUTES)),
    )
    .addOption(assertOption())
    .option('--baseline <file>', 'measurements of an earlier run, to compare with')
    .option('--measurements <file>', 'at level real: write what was measured from outside there')
    .addOption(
      new Option(
        '--jobs <n>',
        `runs beside each other (default: ${defaultJobs(false, environment.cores)}; at level real 1, so that each has the machine to itself)`,
      ).argParser(wholeNumber('--jobs', 1, MAX_JOBS)),
    )
    .addHelpText('after', `${RUN_EXAMPLES}${BOUNDS_HELP}`)
  for (const option of targetOptions()) run.addOption(option)
  run.action(async (names: string[], words: RunWords) => {
    const whole = words.all === true ? '--all' : words.subset && '--subset'
    if (whole !== undefined && names.length > 0) throw bothWholeAndNames(whole, names)
    const subset = environment.engine.subsets[words.subset ?? '']
    end(
      await runCommand(environment, subset ?? names, {
        level: words.level,
        seeds: seedsOf(words),
        target: words.target,
        targetFolder: words.targetFolder,
        targetEnvFile: words.targetEnv,
        targetImage: targetImageOf(words),
        repeat: words.repeat,
        postgres: words.postgres,
        jsonFile: words.json,
        jobs: words.jobs,
        assert: words.assert,
        baselineFile: words.baseline,
        measurementsFile: words.measurements,
        minutes: words.minutes,
      }),
    )
  })
}

function targetOptions(): Option[] {
  return [
    new Option(
      '--target <target>',
      `the bot under test: ${TARGETS.join(', ')}; at level real also gateway-naive, reset-on-open, or any command`,
    ).default('bot'),
    new Option('--target-folder <folder>', 'where a target that is a command has its files (default: here)'),
    new Option('--target-env <file>', 'its variables: lines of NAME=value'),
    new Option('--target-image <image>', 'a Docker image that holds it: the command is run in there'),
    new Option(
      '--dyno <kind>',
      'what dynos of level real are: process (default), container (Docker; our own bot has an image)',
    ).choices(DYNO_KINDS),
  ]
}

/** Several can be given, each with its own --assert. */
function assertOption(): Option {
  return new Option(
    '--assert <bound>',
    "at level real: e.g. 'connects/min<=6', 'rss-slope<1MB/h'; repeatable",
  )
    .argParser((bound: string, before: string[]) => [...before, bound])
    .default([], 'none')
}

function seedsOf({ seed, seeds }: RunWords): number[] {
  if (seeds !== undefined) return Array.from({ length: seeds }, (_, index) => index + 1)
  return [seed ?? 1]
}
