/** What became of the bounds that a user stated: a line for each, and beside a baseline what changed. */

import type { AssertionVerdict, Judgement } from '../assertions/judge.ts'
import { plainTable } from './plain-table.ts'
import type { Colors } from './terminal.ts'

const COLOR_OF_VERDICT = { holds: 'green', broken: 'red', undecided: 'yellow' } as const satisfies Record<
  AssertionVerdict,
  keyof Colors
>

/** E.g. `rss-slope<1MB/h  broken  2.1 MB/h (95 %: 1.6 MB/h to 2.6 MB/h)`. '' without any. */
export function assertionsText(judgements: readonly Judgement[], colors: Colors): string {
  if (judgements.length === 0) return ''
  return `${plainTable(
    [
      ['bound', 'left'],
      ['scenario', 'left'],
      ['seed', 'right'],
      ['verdict', 'left'],
      ['measured', 'left'],
    ],
    judgements.map(({ assertion, scenario, seed, verdict, message }) => [
      assertion.text,
      scenario,
      String(seed),
      colors[COLOR_OF_VERDICT[verdict]](verdict),
      message,
    ]),
  )}\n`
}

/** For the machine-readable report. Numbers in things, bytes, bytes an hour or ms; fields are added, never renamed. */
export function assertionsJson(judgements: readonly Judgement[]): object[] {
  return judgements.map(({ assertion, scenario, seed, verdict, measured, limit, message }) => ({
    assertion: assertion.text,
    scenario,
    seed,
    verdict,
    value: measured?.value ?? null,
    // A bound without an end has no JSON number.
    low: finite(measured?.low),
    high: finite(measured?.high),
    limit: limit ?? null,
    message,
  }))
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null
}
