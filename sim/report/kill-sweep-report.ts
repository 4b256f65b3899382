/** What `kill-sweep` prints around its progress, and its report as JSON: writes × moments × victims, with counts. */

import { median } from '../assertions/median.ts'
import { MOMENTS, VICTIMS, pointText } from '../kill-sweep/kill-point.ts'
import type { Victim } from '../kill-sweep/kill-point.ts'
import type { PointOutcome } from '../kill-sweep/point-outcome.ts'
import { WRITE_OPERATIONS } from '../kill-sweep/write-operations.ts'
import { countText, wallText } from './durations.ts'
import { plainTable } from './plain-table.ts'
import type { Colors } from './terminal.ts'

export interface SweepHeading {
  readonly points: number
  readonly lanes: number
  readonly seed: number
  readonly postgres: string
  readonly mutant: string | undefined
  readonly settings: Readonly<Record<string, string>>
}

export interface SweepResult {
  readonly outcomes: readonly PointOutcome[]
  readonly wallMs: number
  readonly lanes: number
  readonly settings: Readonly<Record<string, string>>
}

export function sweepHeading(heading: SweepHeading): string {
  const { points, lanes, seed, postgres, mutant, settings } = heading
  const parts = [
    countText(points, 'kill point'),
    `seed ${seed}`,
    ...(mutant === undefined ? [] : [`mutant ${mutant}`]),
    `Postgres ${postgres}`,
    countText(lanes, 'lane'),
  ]
  const shortened = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  return `${parts.join(', ')}\nsettings: ${shortened.join(' ')}\nno cool-off after a crash of the dyno\n`
}

/** @param path of the file that runs it again */
export function failedPointText(
  { point, verdict, violations }: PointOutcome,
  path: string,
  colors: Colors,
): string {
  const text = pointText(point)
  const why =
    verdict === 'vacuous' ? ['the write never came about'] : violations.map((each) => violationText(each))
  return [
    `${colors.red('✗')} ${colors.bold(text)}: ${verdict}`,
    ...why.map((line) => `  ${line}`),
    `  again   npm run lab -- kill-sweep --point ${text}`,
    `  file    ${path}`,
    '',
  ].join('\n')
}

function violationText({ claim, message }: PointOutcome['violations'][number]): string {
  return `${claim}: ${message}`
}

interface Cell {
  readonly points: number
  readonly failed: number
}

interface TableRow {
  readonly operation: string
  readonly moment: string
  readonly cells: Readonly<Partial<Record<Victim, Cell>>>
}

/** A row for each write and moment that was tried; a cell says how often, and how often it did not hold. */
export function sweepTable(outcomes: readonly PointOutcome[], colors: Colors): string {
  const rows = tableRows(outcomes).map(({ operation, moment, cells }) => [
    operation,
    moment,
    ...VICTIMS.map((victim) => cellText(cells[victim], colors)),
  ])
  return plainTable(
    [['write', 'left'], ['moment', 'left'], ...VICTIMS.map((victim) => [victim, 'right'] as const)],
    rows,
  )
}

function cellText(cell: Cell | undefined, colors: Colors): string {
  if (cell === undefined) return '–'
  return cell.failed === 0 ? `${cell.points}` : colors.red(`${cell.failed} of ${cell.points} fail`)
}

function tableRows(outcomes: readonly PointOutcome[]): TableRow[] {
  return WRITE_OPERATIONS.flatMap(({ name: operation }) =>
    MOMENTS.flatMap((moment) => {
      const here = outcomes.filter(({ point }) => point.operation === operation && point.moment === moment)
      if (here.length === 0) return []
      const cells = VICTIMS.flatMap((victim) => {
        const ofVictim = here.filter(({ point }) => point.victim === victim)
        const failed = ofVictim.filter(({ verdict }) => verdict !== 'holds').length
        return ofVictim.length === 0 ? [] : [[victim, { points: ofVictim.length, failed }] as const]
      })
      return [{ operation, moment, cells: Object.fromEntries(cells) }]
    }),
  )
}

/** E.g. `1,000 points (90 different): 1,000 hold, in 24 min 10 s; answered again after 1.2 s (median) to 5.8 s`. */
export function sweepSummary({ outcomes, wallMs }: SweepResult, colors: Colors): string {
  const { points, distinct, verdicts, recoveredMs } = summaryOf(outcomes)
  const counts = [
    colors.green(`${verdicts.holds} hold`),
    ...(verdicts.broken === 0 ? [] : [colors.red(`${verdicts.broken} broken`)]),
    ...(verdicts.vacuous === 0 ? [] : [`${verdicts.vacuous} vacuous`]),
  ]
  const recovered =
    recoveredMs === undefined
      ? ''
      : `; answered again after ${wallText(recoveredMs.median)} (median) to ${wallText(recoveredMs.worst)}`
  return `${countText(points, 'point')} (${distinct} different): ${counts.join(', ')} in ${wallText(wallMs)}${recovered}\n`
}

export function summaryOf(outcomes: readonly PointOutcome[]) {
  const count = (verdict: PointOutcome['verdict']): number =>
    outcomes.filter((each) => each.verdict === verdict).length
  const recovered = outcomes.flatMap(({ recoveredAfterMs }) => recoveredAfterMs ?? [])
  const kinds = outcomes.map(({ point: { victim, operation, moment } }) => `${victim}/${operation}/${moment}`)
  return {
    points: outcomes.length,
    distinct: new Set(kinds).size,
    verdicts: { holds: count('holds'), broken: count('broken'), vacuous: count('vacuous') },
    recoveredMs:
      recovered.length === 0 ? undefined : { median: median(recovered), worst: Math.max(...recovered) },
  }
}

export function sweepJson(
  result: SweepResult & {
    readonly seed: number
    readonly postgres: string
    readonly mutant: string | undefined
  },
): string {
  const { outcomes, wallMs, lanes, settings, seed, postgres, mutant } = result
  const report = {
    seed,
    ...(mutant === undefined ? {} : { mutant }),
    postgres,
    lanes,
    settings,
    wallMs,
    summary: summaryOf(outcomes),
    table: tableRows(outcomes).map(({ operation, moment, cells }) => ({ operation, moment, ...cells })),
    failures: outcomes.filter(({ verdict }) => verdict !== 'holds').map((each) => plainOutcome(each)),
    points: outcomes.map((each) => plainOutcome(each)),
  }
  return `${JSON.stringify(report, undefined, 1)}\n`
}

function plainOutcome({ point, ...rest }: PointOutcome) {
  return { point: pointText(point), ...rest }
}
