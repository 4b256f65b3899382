/**
 * The figures of the project, as sub-commands. Progress goes to stderr, so that the result on stdout can be
 * kept. Exit codes are the lab's: 0 measured, 4 not deterministic, 5 the machine failed.
 */

import { availableParallelism } from 'node:os'
import { Command, Option } from 'commander'
import { EXIT } from '../sim/cli/exit-code.ts'
import type { ExitCode } from '../sim/cli/exit-code.ts'
import { POSTGRES_KINDS } from '../sim/cli/lab-environment.ts'
import type { LabEnvironment, PostgresKind } from '../sim/cli/lab-environment.ts'
import { Lifetime } from '../sim/cli/lifetime.ts'
import { wholeNumber } from '../sim/cli/whole-number.ts'
import { realEngine } from '../sim/cli/real-engine.ts'
import { withLifetime } from '../sim/cli/run-lab.ts'
import { endOnSignals } from '../sim/cli/signals.ts'
import { createTerminal } from '../sim/report/terminal.ts'
import { buildBot, measureBot } from './bot/measure.ts'
import type { LoadOptions } from './bot/load.ts'
import { recordMemorySeries } from './bot/memory-series.ts'
import { figureJson, figureTable } from './figure.ts'
import { measureHistory } from './history-figures.ts'
import { measureIsolatedTests } from './isolated-tests.ts'
import { determinismText, measureDeterminism } from './lab-determinism.ts'
import { measureLab } from './lab-figures.ts'
import { describeMachine, machineText } from './machine.ts'
import { measureReal } from './real/measure.ts'
import { readMemorySeries, recordedSlopes } from './slope/recorded-series.ts'
import { SLOPE_RUNS, slopeRates } from './slope/slope-rates.ts'
import { measureWire } from './wire/measure.ts'
import type { WireSizes } from './wire/measure.ts'
import { wireJson, wireTable } from './wire/wire-table.ts'

interface HistoryWords {
  json?: boolean
  messages: number
  postgres: PostgresKind
}

interface LabWords {
  json?: boolean
  determinism?: boolean
  seeds: number
  rounds: number
  postgres: PostgresKind
}

const FULL_SIZES = { messages: 10_000, contacts: 10_000, reconnects: 10_000 }

const lifetime = new Lifetime()
endOnSignals(lifetime, process.stdout, process.stderr)
const environment: LabEnvironment = {
  engine: realEngine,
  terminal: createTerminal(process.stderr, process.stderr, process.env),
  lifetime,
  directory: process.cwd(),
  databaseUrl: process.env['DATABASE_URL'],
  cores: availableParallelism(),
}
let exitCode: ExitCode = EXIT.holds

const program = new Command('npm run bench --').description("measures the project's figures")
program
  .command('lab')
  .description('how fast the lab is, and whether a seed determines a run')
  .option('--json', 'the result as JSON on stdout')
  .option('--determinism', 'compare hashes: each scenario of at most two hours, virtual twice and model once')
  .addOption(
    new Option('--seeds <n>', 'for --determinism').argParser(wholeNumber('--seeds', 1, 100_000)).default(100),
  )
  .addOption(
    new Option('--rounds <n>', 'for the figures').argParser(wholeNumber('--rounds', 1, 100)).default(5),
  )
  .addOption(new Option('--postgres <kind>', 'which Postgres').choices(POSTGRES_KINDS).default('embedded'))
  .action(async (words: LabWords) => {
    exitCode = await benchLab(words)
  })

program
  .command('history')
  .description('sent messages kept for resends: whether their bounds hold, and what grows')
  .option('--json', 'the result as JSON on stdout')
  .addOption(
    new Option('--messages <n>', 'how many are played')
      .argParser(wholeNumber('--messages', 1_000, 100_000_000))
      .default(1_000_000),
  )
  .addOption(new Option('--postgres <kind>', 'which Postgres').choices(POSTGRES_KINDS).default('embedded'))
  .action(async (words: HistoryWords) => {
    const machine = describeMachine()
    const { figures, postgres } = await measureHistory(environment, words)
    const json = { machine, postgres, figures: figures.map(figureJson) }
    if (words.json === true) print(`${JSON.stringify(json, undefined, 2)}\n`)
    else print(`${machineText(machine)}Postgres ${postgres}\n\n${figureTable(figures)}`)
  })

program
  .command('wire')
  .description('the adapter over the fake WhatsApp, beside plain Baileys with useMultiFileAuthState')
  .option('--json', 'the result as JSON on stdout')
  .addOption(new Option('--rounds <n>').argParser(wholeNumber('--rounds', 1, 100)).default(5))
  .addOption(new Option('--messages <n>').argParser(wholeNumber('--messages', 1, 1_000_000)).default(5_000))
  .addOption(new Option('--contacts <n>').argParser(wholeNumber('--contacts', 1, 100_000)).default(2_000))
  .addOption(new Option('--reconnects <n>').argParser(wholeNumber('--reconnects', 1, 1_000_000)).default(500))
  .option('--full', 'ten thousand of each, as the published figures: about a quarter of an hour')
  .action(async ({ full, json, ...words }: WireSizes & { json?: boolean; full?: boolean }) => {
    const machine = describeMachine()
    const sizes = full === true ? { ...words, ...FULL_SIZES } : words
    const figures = await lifetime.unlessInterrupted(measureWire(lifetime, sizes, progress))
    if (json === true) print(`${JSON.stringify({ machine, figures: figures.map(wireJson) }, undefined, 2)}\n`)
    else print(`${machineText(machine)}\n${wireTable(figures)}`)
  })

program
  .command('bot')
  .description('the compiled dyno from outside: memory, start, a fresh bot process, stop, load')
  .option('--json', 'the result as JSON on stdout')
  .addOption(new Option('--rounds <n>').argParser(wholeNumber('--rounds', 1, 100)).default(3))
  .addOption(
    new Option('--contacts <n>', 'of the load: people who write')
      .argParser(wholeNumber('--contacts', 1, 100_000))
      .default(1_000),
  )
  .addOption(
    new Option('--per-second <n>', 'of the load: messages')
      .argParser(wholeNumber('--per-second', 1, 1_000))
      .default(10),
  )
  .addOption(
    new Option('--minutes <n>', 'of the load').argParser(wholeNumber('--minutes', 1, 1_440)).default(3),
  )
  .action(async ({ json, rounds, ...load }: LoadOptions & { json?: boolean; rounds: number }) => {
    const machine = describeMachine()
    const figures = await measureBot(environment, { rounds, folder: process.cwd(), load }, progress)
    if (json === true)
      print(`${JSON.stringify({ machine, figures: figures.map(figureJson) }, undefined, 2)}\n`)
    else print(`${machineText(machine)}\n${figureTable(figures)}`)
  })

program
  .command('real')
  .description(
    'the real level: start of Postgres and dynos, the fault proxy, the memory watch, scenario speed',
  )
  .option('--json', 'the result as JSON on stdout')
  .addOption(new Option('--rounds <n>').argParser(wholeNumber('--rounds', 1, 100)).default(3))
  .action(async ({ json, rounds }: { json?: boolean; rounds: number }) => {
    const machine = describeMachine()
    const { figures, unsoundRuns } = await measureReal(environment, rounds, progress)
    const result = { machine, unsoundRuns, figures: figures.map(figureJson) }
    if (json === true) print(`${JSON.stringify(result, undefined, 2)}\n`)
    else print(`${machineText(machine)}\n${figureTable(figures)}${unsoundText(unsoundRuns)}`)
  })

program
  .command('memory')
  .description('memory of production dynos over real time, clean and leaking, as JSON on stdout')
  .addOption(new Option('--minutes <n>').argParser(wholeNumber('--minutes', 1, 10_080)).default(120))
  .action(async ({ minutes }: { minutes: number }) => {
    buildBot(process.cwd())
    const series = await recordMemorySeries(environment, {
      folder: process.cwd(),
      minutes,
      onSample: ([first]) => progress(`${first?.anonBytes.length ?? 0} samples`),
    })
    print(`${JSON.stringify({ machine: describeMachine(), series })}\n`)
  })

program
  .command('slope')
  .description(
    'by the recorded memory series: how often a leak is found, and a clean bot accused; JSON on stdout',
  )
  .addOption(new Option('--trials <n>').argParser(wholeNumber('--trials', 10, 100_000)).default(300))
  .action(async ({ trials }: { trials: number }) => {
    const series = readMemorySeries(new URL('../docs/results/memory-series.json', import.meta.url))
    const rates = SLOPE_RUNS.flatMap((run) => slopeRates(series, { ...run, trials }))
    print(`${JSON.stringify({ recorded: recordedSlopes(series), rates }, undefined, 2)}\n`)
  })

program
  .command('fake-whatsapp')
  .description(
    'what an isolated test on the fake WhatsApp costs: a hundred side by side, each with its own server',
  )
  .option('--json', 'the result as JSON on stdout')
  .addOption(new Option('--rounds <n>').argParser(wholeNumber('--rounds', 1, 100)).default(3))
  .action(async ({ json, rounds }: { json?: boolean; rounds: number }) => {
    const machine = describeMachine()
    const figures = await lifetime.unlessInterrupted(measureIsolatedTests(rounds))
    if (json === true)
      print(`${JSON.stringify({ machine, figures: figures.map(figureJson) }, undefined, 2)}\n`)
    else print(`${machineText(machine)}\n${figureTable(figures)}`)
  })

function progress(line: string): void {
  process.stderr.write(`${line}\n`)
}

function unsoundText(runs: number): string {
  return runs > 0 ? `warning: ${runs} of the runs did not hold, so these are no figures yet\n` : ''
}

function print(text: string): void {
  process.stdout.write(text)
}

async function benchLab(words: LabWords): Promise<ExitCode> {
  const machine = describeMachine()
  if (words.json !== true) print(machineText(machine))
  const printJson = (result: object): void =>
    print(`${JSON.stringify({ machine, ...result }, undefined, 2)}\n`)
  if (words.determinism === true) {
    const found = await measureDeterminism(environment, { ...words, workers: Math.min(8, environment.cores) })
    if (words.json === true) printJson({ determinism: found })
    else print(determinismText(found))
    if (found.errors > 0) return EXIT.infrastructure
    return found.differing.length > 0 ? EXIT.notDeterministic : EXIT.holds
  }
  const { figures, postgres, unsoundRuns } = await measureLab(environment, words)
  if (words.json === true) {
    printJson({ postgres, unsoundRuns, figures: figures.map(figureJson) })
  } else {
    print(`Postgres ${postgres}; medians of ${words.rounds} rounds\n\n${figureTable(figures)}`)
    print(unsoundText(unsoundRuns))
  }
  return EXIT.holds
}

process.exit(
  await withLifetime(environment, async () => {
    await program.parseAsync(process.argv)
    return exitCode
  }),
)
