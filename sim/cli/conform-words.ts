/** The words of `conform` and their help; what they do is in conform-command.ts. */

import { Option } from 'commander'
import type { Command } from 'commander'
import { CALIBRATION_SETS } from '../conform/calibration-sets.ts'
import { PEAK_MARGIN_PERCENT, RUNS_FOR_PEAK } from '../conform/conformity.ts'
import { MOST_LOAD_PER_CORE, conformCommand } from './conform-command.ts'
import { realJobsOption } from './common-options.ts'
import type { ExitCode } from './exit-code.ts'
import { POSTGRES_KINDS } from './lab-environment.ts'
import type { LabEnvironment, PostgresKind } from './lab-environment.ts'
import { bothWholeAndNames } from './select-scenarios.ts'
import { wholeNumber } from './whole-number.ts'

const MAX_RUNS = 100

const HELP = `
Each scenario runs at the real level and, with the same time line, settings and claims, in the virtual world. Compared
are: the claims that hold; the order in which key events come, first of each after each fault; the order in which
reclaimers are asked; and memory: the ledger's peak must lie between the median and the maximum + ${PEAK_MARGIN_PERCENT} % of the real
runs, of which it takes ${RUNS_FOR_PEAK} to say it firmly.

Kept runs of a scenario that has changed since are left out, and go from the file with the next new run. Real runs on a
machine with more than ${MOST_LOAD_PER_CORE} runnable processes a core are neither counted nor kept: run it again to make them anew.

The memory model
${Object.entries(CALIBRATION_SETS)
  .map(([set, ids]) => `  ${`${set}:`.padEnd(10)}${ids.join(', ')}`)
  .join('\n')}

Examples:
  npm run lab -- conform                              those scenarios, one real run of each: about ten minutes
  npm run lab -- conform dyno-restart/daily-cycle --runs 3
  npm run lab -- conform --all --runs 10 --jobs 3 --observations runs.json   for hours; can be stopped and continued
  npm run lab -- conform --runs 0 --observations docs/results/real-runs.json   with kept real runs: seconds

Exit codes: 0 all conform, 1 one disagrees, 2 wrong usage, 3 nothing or not all could be compared, 5 the machine failed.`

interface ConformWords {
  all?: boolean
  runs: number
  jobs: number
  postgres: PostgresKind
  observations?: string
  json?: string
}

export function addConform(
  program: Command,
  environment: LabEnvironment,
  end: (code: ExitCode) => void,
): void {
  program
    .command('conform')
    .description('compare the levels: real runs of scenarios with their twins in the virtual world')
    .argument('[scenarios...]', 'ids, families or files; none: those of the memory model')
    .option('--all', 'every scenario that runs at both levels')
    .addOption(
      new Option('--runs <n>', 'real runs of each, kept ones included')
        .argParser(wholeNumber('--runs', 0, MAX_RUNS))
        .default(1),
    )
    .addOption(realJobsOption())
    .option('--observations <file>', 'keep what the real runs showed there, and use what it holds')
    .addOption(
      new Option('--postgres <kind>', 'for the real runs; as in `run`')
        .choices(POSTGRES_KINDS)
        .default('auto'),
    )
    .option('--json <file>', 'write the comparison there, too')
    .addHelpText('after', HELP)
    .action(async (selectors: string[], words: ConformWords) => {
      if (words.all === true && selectors.length > 0) throw bothWholeAndNames('--all', selectors)
      end(
        await conformCommand(environment, selectors, {
          all: words.all === true,
          runs: words.runs,
          jobs: words.jobs,
          postgres: words.postgres,
          observationsFile: words.observations,
          jsonFile: words.json,
        }),
      )
    })
}
