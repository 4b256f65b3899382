/** The words of `compare` and their help. */

import { Option } from 'commander'
import type { Command } from 'commander'
import { compareCommand, PUBLISHED_AGAINST, PUBLISHED_RUNS } from './compare-command.ts'
import { EXIT_CODES, postgresOption, realJobsOption } from './common-options.ts'
import type { ExitCode } from './exit-code.ts'
import type { LabEnvironment, PostgresKind } from './lab-environment.ts'
import { wholeNumber } from './whole-number.ts'

const MAX_RUNS = 100

interface CompareWords {
  runs: number
  jobs: number
  against: string
  postgres: PostgresKind
  scenarios: string[]
  from: string[]
  markdown?: string
  json?: string
  measurements?: string
}

/** @param end is told the exit code */
export function addCompare(
  program: Command,
  environment: LabEnvironment,
  end: (code: ExitCode) => void,
): void {
  program
    .command('compare')
    .description('measure the bot beside another one under the same scenarios at the real level')
    .addOption(
      new Option('--runs <n>', 'runs of each scenario and side')
        .argParser(wholeNumber('--runs', 1, MAX_RUNS))
        .default(PUBLISHED_RUNS),
    )
    .addOption(new Option('--against <target>', 'the other bot').default(PUBLISHED_AGAINST))
    .addOption(
      new Option('--scenarios <names...>', 'ids, families or files').default([], 'the published ones'),
    )
    .addOption(
      new Option('--from <files...>', 'run nothing, and compare what --measurements has written before')
        .default([], 'none')
        .conflicts('scenarios'),
    )
    .addOption(realJobsOption())
    .addOption(postgresOption())
    .option('--markdown <file>', 'write the tables there; default when all is as published: docs/results')
    .option('--json <file>', 'the same as JSON')
    .option('--measurements <file>', 'write what was measured in each run there, as soon as it has ended')
    .addHelpText('after', EXIT_CODES)
    .action(async (words: CompareWords) =>
      end(
        await compareCommand(environment, words.scenarios, {
          runs: words.runs,
          jobs: words.jobs,
          against: words.against,
          postgres: words.postgres,
          from: words.from,
          markdownFile: words.markdown,
          jsonFile: words.json,
          measurementsFile: words.measurements,
        }),
      ),
    )
}
