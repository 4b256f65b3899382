/**
 * The table at the end of `run`: a row for each scenario, level and seed. With many seeds, those of one
 * scenario that hold share a row, so that what failed is not buried.
 */

import type { GroupOutcome } from '../cli/plan.ts'
import type { RunResult } from '../world/run-result.ts'
import { hoursText, speedText } from './durations.ts'
import { plainTable } from './plain-table.ts'
import type { Colors } from './terminal.ts'
import { styledVerdict } from './verdict-style.ts'

/** With more rows than this, runs that hold are put together. */
const MAX_ROWS = 60
const HASH_DIGITS = 8

const COLUMNS = [
  ['scenario', 'left'],
  ['level', 'left'],
  ['seed', 'right'],
  ['verdict', 'left'],
  ['time', 'right'],
  ['speed', 'right'],
  ['hash', 'left'],
] as const

export function runTable(outcomes: readonly GroupOutcome[], colors: Colors): string {
  const rows =
    outcomes.length <= MAX_ROWS
      ? outcomes.map((outcome) => row(outcome, colors))
      : groupedRows(outcomes, colors)
  return plainTable(COLUMNS, rows)
}

function row({ request, results, isDivergent }: GroupOutcome, colors: Colors): string[] {
  const worst = results.find((result) => result.verdict !== 'holds') ?? results[0]
  const verdict = worst?.verdict ?? 'error'
  return [
    request.scenario.id,
    request.level,
    String(request.seed),
    `${styledVerdict(verdict, colors)}${rateText(results)}`,
    ...measures(results),
    hashText(results, isDivergent, colors),
  ]
}

/** Where repetitions of one request disagree: how many of them hold. Real runs may waver, and are not hidden. */
function rateText(results: readonly RunResult[]): string {
  const holding = results.filter(({ verdict }) => verdict === 'holds').length
  return holding === 0 || holding === results.length ? '' : `, ${holding} of ${results.length} hold`
}

function measures(results: readonly RunResult[]): string[] {
  const virtualMs = results.reduce((sum, result) => sum + result.virtualMs, 0)
  const wallMs = results.reduce((sum, result) => sum + result.wallMs, 0)
  return [hoursText(virtualMs / Math.max(1, results.length)), speedText(virtualMs, wallMs)]
}

function hashText(results: readonly RunResult[], isDivergent: boolean, colors: Colors): string {
  const hashes = [...new Set(results.map((result) => result.traceHash.slice(0, HASH_DIGITS)))].filter(
    (hash) => hash !== '',
  )
  if (isDivergent) return colors.red(`differs: ${hashes.join(' ')}`)
  if (hashes[0] === undefined) return '–'
  return results.length > 1 ? `${hashes[0]} ×${results.length}` : hashes[0]
}

/** Single rows for what failed; before them one row for all seeds of a scenario that hold. */
function groupedRows(outcomes: readonly GroupOutcome[], colors: Colors): string[][] {
  const held = new Map<string, GroupOutcome[]>()
  const failed: GroupOutcome[] = []
  for (const outcome of outcomes) {
    const isSound = !outcome.isDivergent && outcome.results.every((result) => result.verdict === 'holds')
    if (!isSound) {
      failed.push(outcome)
      continue
    }
    const key = `${outcome.request.scenario.id} ${outcome.request.level}`
    held.set(key, [...(held.get(key) ?? []), outcome])
  }
  const heldRows = [...held.values()].flatMap((group) => {
    const first = group[0]
    if (first === undefined) return []
    const results = group.flatMap((outcome) => outcome.results)
    const count = `${group.length} seeds`
    return [
      [
        first.request.scenario.id,
        first.request.level,
        count,
        styledVerdict('holds', colors),
        ...measures(results),
        '',
      ],
    ]
  })
  return [...heldRows, ...failed.map((outcome) => row(outcome, colors))]
}
