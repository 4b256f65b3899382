/**
 * What `run` prints around its table: the first line, which says what is run; each failure with its first
 * broken claim and the command that replays it; the claims that broke, and the sum.
 */

import type { GroupOutcome, Plan } from '../cli/plan.ts'
import { LEDGER_CONSTANTS } from '../fakes/ledger-constants.ts'
import type { RunRequest, RunResult } from '../world/run-result.ts'
import { clockText, countText, wallText } from './durations.ts'
import type { Colors } from './terminal.ts'
import { styledVerdict } from './verdict-style.ts'

/** Failures beyond this are in the table and in --json only. */
const MAX_DETAILED = 20

export interface Heading {
  readonly plan: Plan
  readonly repeat: number
  readonly workers: number
  /** Undefined when no run needs one. */
  readonly postgres: string | undefined
}

/** E.g. `17 runs: 17 scenarios, seed 1, virtual (1 at model), target bot, Postgres embedded 18.4, 2 workers`. */
export function headingText({ plan, repeat, workers, postgres }: Heading): string {
  const requests = plan.groups.map((group) => group.request)
  const scenarios = new Set(requests.map((request) => request.scenario.id))
  const parts = [
    countText(scenarios.size, 'scenario'),
    seedsText(requests),
    ...(repeat > 1 ? [`each ${repeat} times`] : []),
    levelsText(requests),
    `target ${requests[0]?.target ?? 'bot'}`,
    ...(postgres === undefined ? ['no Postgres needed'] : [`Postgres ${postgres}`]),
    countText(workers, 'worker'),
  ]
  return `${countText(plan.jobs.length, 'run')}: ${parts.join(', ')}\n`
}

function seedsText(requests: readonly RunRequest[]): string {
  const seeds = [...new Set(requests.map((request) => request.seed))]
  const [first] = seeds
  return seeds.length === 1 ? `seed ${first}` : `seeds ${first} to ${seeds.at(-1)}`
}

function levelsText(requests: readonly RunRequest[]): string {
  const levels = new Set(requests.map((request) => request.level))
  const [only] = levels
  if (levels.size === 1 && only !== undefined) return only
  const atModel = requests.filter((request) => request.level === 'model').length
  return `virtual (${atModel} at model)`
}

/** Why a run does not hold, and how to see it again. @param path of its run file, undefined when there is none */
export function failureText(result: RunResult, path: string | undefined, colors: Colors): string {
  const [first, ...others] = result.violations
  const title = `${result.scenario} · seed ${result.seed} · ${result.level} · target ${result.target}`
  return [
    `${colors.red('✗')} ${colors.bold(title)}: ${styledVerdict(result.verdict, colors)}`,
    ...(first === undefined ? [] : [`  ${first.claim} at ${clockText(first.atMs)}: ${first.message}`]),
    ...(others.length === 0
      ? []
      : [`  and ${countText(others.length, 'more violation')}: ${otherClaims(others)}`]),
    ...(path === undefined ? [] : [`  file    ${path}`, `  replay  npm run lab -- replay ${path}`]),
    '',
  ].join('\n')
}

function otherClaims(violations: RunResult['violations']): string {
  const counts = new Map<string, number>()
  for (const { claim } of violations) counts.set(claim, (counts.get(claim) ?? 0) + 1)
  return [...counts].map(([claim, count]) => (count > 1 ? `${claim} ×${count}` : claim)).join(', ')
}

/** All failures, the first of each group of repetitions. @param paths run files by index of group */
export function failuresText(
  outcomes: readonly GroupOutcome[],
  paths: ReadonlyMap<RunRequest, string>,
  colors: Colors,
): string {
  const failures = outcomes.flatMap(({ request, results }) => {
    const failed = results.find((result) => result.verdict !== 'holds')
    return failed === undefined ? [] : [failureText(failed, paths.get(request), colors)]
  })
  const rest = failures.length - MAX_DETAILED
  return [
    ...failures.slice(0, MAX_DETAILED),
    ...(rest > 0 ? [`… and ${countText(rest, 'further failed run')}\n`] : []),
  ].join('')
}

/** What results at the real level do not say, or say under other settings; '' when there is nothing of the kind. */
export function notesText(outcomes: readonly GroupOutcome[], colors: Colors): string {
  const scenariosByNote = new Map<string, Set<string>>()
  for (const { scenario, notes = [] } of outcomes.flatMap((outcome) => outcome.results)) {
    for (const note of notes)
      scenariosByNote.set(note, (scenariosByNote.get(note) ?? new Set()).add(scenario))
  }
  return [...scenariosByNote]
    .map(([note, scenarios]) => colors.dim(`${countText(scenarios.size, 'scenario')}: ${note}\n`))
    .join('')
}

/** The last lines: which claims broke in how many runs, how many runs came to what, and what to bear in mind. */
export function summaryText(outcomes: readonly GroupOutcome[], wallMs: number, colors: Colors): string {
  const results = outcomes.flatMap((outcome) => outcome.results)
  const lines = [
    ...brokenClaims(results),
    `${verdictCounts(results, colors)}${repeatText(outcomes, colors)} in ${wallText(wallMs)}`,
    ...(results.some((result) => result.family === '512mb-quota')
      ? [colors.dim(`note: the memory model is ${LEDGER_CONSTANTS.note}`)]
      : []),
  ]
  return `${lines.join('\n')}\n`
}

function brokenClaims(results: readonly RunResult[]): string[] {
  const runsByClaim = new Map<string, number>()
  for (const result of results.filter(({ verdict }) => verdict === 'broken')) {
    for (const claim of new Set(result.violations.map((violation) => violation.claim))) {
      runsByClaim.set(claim, (runsByClaim.get(claim) ?? 0) + 1)
    }
  }
  if (runsByClaim.size === 0) return []
  const claims = [...runsByClaim].toSorted(([, a], [, b]) => b - a)
  return [
    `broken claims: ${claims.map(([claim, runs]) => `${claim} (${countText(runs, 'run')})`).join(', ')}`,
  ]
}

function verdictCounts(results: readonly RunResult[], colors: Colors): string {
  return (['holds', 'broken', 'vacuous', 'error'] as const)
    .map((verdict) => ({ verdict, count: results.filter((result) => result.verdict === verdict).length }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${count} ${styledVerdict(verdict, colors)}`)
    .join(', ')
}

function repeatText(outcomes: readonly GroupOutcome[], colors: Colors): string {
  if (outcomes.every((outcome) => outcome.results.length < 2)) return ''
  const divergent = outcomes.filter((outcome) => outcome.isDivergent).length
  return divergent === 0
    ? '; equal hashes in every repetition'
    : `; ${colors.red(`${divergent} of ${outcomes.length} differ between repetitions`)}`
}
