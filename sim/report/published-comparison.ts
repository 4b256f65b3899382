/**
 * The whole of a comparison as `compare` publishes it: for each scenario the workload in words, the table, what was
 * expected of the own bot, and the service level; as JSON, as a Markdown document, and as text for a terminal.
 */

import type { Comparison } from '../assertions/comparison.ts'
import type { Expectation } from '../assertions/expectations.ts'
import type { ServiceLevel } from '../assertions/service-level.ts'
import { comparisonJson, comparisonMarkdown, comparisonText } from './comparison-report.ts'
import { countText } from './durations.ts'
import type { Colors } from './terminal.ts'

export interface ComparedScenario {
  readonly scenario: string
  readonly proves: string
  readonly workload: readonly string[]
  readonly comparison: Comparison
  /** Of the own bot. */
  readonly expectations: readonly Expectation[]
  /** By side; undefined where the scenario interrupts nothing. */
  readonly serviceLevels: Readonly<Record<string, ServiceLevel | undefined>> | undefined
}

export interface PublishedComparison {
  /** What it ran on: the least and the highest load average of a minute; undefined where no run tells. */
  readonly machine: { readonly cores: number; readonly load: readonly [number, number] } | undefined
  readonly scenarios: readonly ComparedScenario[]
}

const FORMAT = 1

export function publishedJson({ scenarios, ...whole }: PublishedComparison): string {
  const compared = scenarios.map(({ comparison, ...each }) => ({ ...each, ...comparisonJson(comparison) }))
  return `${JSON.stringify({ format: FORMAT, ...whole, scenarios: compared }, undefined, 2)}\n`
}

export function publishedText({ scenarios }: PublishedComparison, colors: Colors): string {
  return scenarios
    .map((each) =>
      [
        `\n${colors.bold(each.scenario)}`,
        comparisonText(each.comparison),
        ...each.expectations.map((expectation) => `${markOf(expectation)} ${lineOf(expectation)}`),
        ...serviceLines(each).map((line) => `  ${line}`),
        '',
      ].join('\n'),
    )
    .join('')
}

/** A document of its own, in need of a formatter for its tables. */
export function publishedMarkdown(published: PublishedComparison): string {
  const { machine, scenarios } = published
  return [
    '# Before and after',
    '',
    '`npm run lab -- compare` has written this page: the bot as it used to be beside the one it has become, both in',
    'real processes under the same rules of Heroku, the same fake WhatsApp and the same memory balloon.',
    '',
    ...(machine === undefined ? [] : [`- ${machineLine(machine)}`]),
    '- the tables have the median of the runs and, in brackets, the worst of them',
    '- memory is the dyno’s: proportional share and swap of all its processes, as Heroku samples it every 20 s, and',
    '  looked at each second between the samples; the quota is 512 MB',
    '- what has no answer at the end of a run may still get one; what waits in the database is not lost',
    '- nothing is tuned towards a result: the balloons are those of the other scenarios',
    '',
    ...scenarios.flatMap(sectionLines),
  ].join('\n')
}

/** What the expectations of all scenarios come to. */
export function exitWordOf({ scenarios }: PublishedComparison): 'holds' | 'broken' | 'vacuous' {
  const all = scenarios.flatMap(({ expectations }) => expectations)
  if (all.some(({ holds }) => holds === false)) return 'broken'
  return all.some(({ holds }) => holds === undefined) ? 'vacuous' : 'holds'
}

function machineLine({ cores, load }: NonNullable<PublishedComparison['machine']>): string {
  const [least, most] = load
  const isShared = most > 2 * cores
  const shared = isShared ? ', which other work had most of' : ''
  return `${countText(cores, 'core')}${shared}: load average ${least.toFixed(1)} to ${most.toFixed(1)} while it ran`
}

function sectionLines(each: ComparedScenario): string[] {
  const services = serviceLines(each)
  return [
    `## ${each.scenario}`,
    '',
    ...each.workload.map((line) => `- ${line}`),
    '',
    comparisonMarkdown(each.comparison),
    'Expected of the bot, by the worst run:',
    '',
    '| expected | measured | |',
    '| --- | ---: | --- |',
    ...each.expectations.map(
      (one) => `| ${one.what} | ${one.measured ?? 'not measured'} | ${verdictOf(one)} |`,
    ),
    '',
    ...(services.length === 0
      ? []
      : [
          'Service level. A run is taken for a day’s faults and seven of them for a week, with quiet between them:',
          '10,080 minutes less seven times the time without a connection in a run. The wait after a restart is from its',
          'beginning, SIGTERM or the end of the dyno, until somebody has read an answer over a new connection.',
          '',
          ...services.map((line) => `- ${line}`),
          '',
        ]),
  ]
}

function serviceLines({ serviceLevels }: ComparedScenario): string[] {
  return Object.entries(serviceLevels ?? {}).flatMap(([side, level]) => {
    if (level === undefined) return []
    const { openMinutesAWeek: open, firstReply, restarts, unanswered } = level
    const waits =
      firstReply === undefined
        ? 'nobody was answered after a restart'
        : `first reply after a restart: p50 ${tenths(firstReply.p50Ms)} s, p99 ${tenths(firstReply.p99Ms)} s`
    const silent = unanswered === 0 ? '' : `, ${unanswered} without any`
    return [
      `${side}: open ${minutes(open.median)} of 10,080 minutes a week (worst ${minutes(open.worst)}); ${waits} (${countText(restarts, 'restart')}${silent})`,
    ]
  })
}

function minutes(value: number): string {
  return (Math.floor(value * 10) / 10).toLocaleString('en-US')
}

function tenths(ms: number): string {
  return (ms / 1_000).toFixed(1)
}

function lineOf(expectation: Expectation): string {
  return `${expectation.what}: ${expectation.measured ?? 'not measured'}, ${verdictOf(expectation)}`
}

function verdictOf({ holds }: Expectation): string {
  if (holds === undefined) return 'undecided'
  return holds ? 'holds' : 'does not hold'
}

function markOf({ holds }: Expectation): string {
  return holds === true ? '✓' : '✗'
}
