/** The words of `kill-sweep` and their help; what they do is in kill-sweep-command.ts. */

import { Option } from 'commander'
import type { Command } from 'commander'
import { MUTANTS } from '../kill-sweep/mutants.ts'
import { SWEEP_CLAIMS } from '../kill-sweep/point-outcome.ts'
import type { ExitCode } from './exit-code.ts'
import { killSweepCommand } from './kill-sweep-command.ts'
import { POSTGRES_KINDS } from './lab-environment.ts'
import type { LabEnvironment, PostgresKind } from './lab-environment.ts'
import { wholeNumber } from './whole-number.ts'

const DEFAULT_POINTS = 1_000
const MAX_POINTS = 100_000
/** Each lane has a Postgres, a dyno and a WhatsApp of its own. */
const MAX_LANES = 16
/** More of them than this starve each other on the usual machine, and a starved bot is another experiment. */
const DEFAULT_LANES = 2

const HELP = `
A point is VICTIM/WRITE/MOMENT/OCCURRENCE/DELAY, e.g. bot/commit-put/late/2/10: at the second commit of keys, which
reaches the server only after the next process has taken the session, the bot is killed 10 ms later.
  victims  bot, supervisor (with it the dyno), postgres
  moments  unsent (the server gets nothing), late (it gets it after the successor's takeover; bot only),
           committed (the server has done it, the client does not hear so), answered

What must hold after each:
${Object.entries(SWEEP_CLAIMS)
  .map(([claim, text]) => `  ${claim.padEnd(18)}${text}`)
  .join('\n')}

Bots broken on purpose, to see the sweep find it (--mutant):
${MUTANTS.map(({ name, what, breaks }) => `  ${name.padEnd(26)}${what} (${breaks})`).join('\n')}

Examples:
  npm run lab -- kill-sweep --points 50
  npm run lab -- kill-sweep --point bot/record-inbound/committed --points 10
  npm run lab -- kill-sweep --point .lab/kill-point-bot-commit-put-late-2.json
  npm run lab -- kill-sweep --points 50 --mutant unfenced

Exit codes: 0 all claims hold, 1 one is broken, 2 wrong usage, 3 vacuous (a write never came about), 5 the machine
failed (Postgres, a port). More in docs/kill-points.md.`

interface SweepWords {
  points?: number
  point?: string
  seed: number
  jobs: number
  postgres: PostgresKind
  mutant?: string
  json?: string
}

export function addKillSweep(
  program: Command,
  environment: LabEnvironment,
  end: (code: ExitCode) => void,
): void {
  program
    .command('kill-sweep')
    .description('kill the bot, its supervisor and Postgres at each write in turn, on real processes')
    .addOption(
      new Option('--points <n>', `how many (default: ${DEFAULT_POINTS}, or 1 with --point)`).argParser(
        wholeNumber('--points', 1, MAX_POINTS),
      ),
    )
    .option('--point <point>', 'this one only: its text, or the file that a failure left')
    .addOption(new Option('--seed <n>', 'of the delays').argParser(wholeNumber('--seed', 0)).default(1))
    .addOption(
      new Option('--jobs <n>', 'lanes beside each other')
        .argParser(wholeNumber('--jobs', 1, MAX_LANES))
        .default(Math.min(DEFAULT_LANES, environment.cores)),
    )
    .addOption(
      new Option('--postgres <kind>', 'url: DATABASE_URL, which is not ours to kill: without that victim')
        .choices(POSTGRES_KINDS)
        .default('embedded'),
    )
    .addOption(
      new Option('--mutant <name>', 'a bot broken on purpose').choices(MUTANTS.map(({ name }) => name)),
    )
    .option('--json <file>', 'write the results there, too')
    .addHelpText('after', HELP)
    .action(async (words: SweepWords) =>
      end(
        await killSweepCommand(environment, {
          points: words.points ?? (words.point === undefined ? DEFAULT_POINTS : 1),
          point: words.point,
          seed: words.seed,
          lanes: words.jobs,
          postgres: words.postgres,
          mutant: words.mutant,
          jsonFile: words.json,
        }),
      ),
    )
}
