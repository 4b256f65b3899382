/** A figure of ours beside plain Baileys', as text and as JSON. */

import { plainTable } from '../../sim/report/plain-table.ts'

export interface WireFigure {
  readonly name: string
  readonly unit: string
  readonly plain: number
  readonly ours: number
  /** Ours shall be at most so much; left out where it is only watched. */
  readonly atMost?: number
  /** Ours shall be at least so much of plain. */
  readonly atLeastOfPlain?: number
}

export function isReached({ plain, ours, atMost, atLeastOfPlain }: WireFigure): boolean | undefined {
  if (atMost !== undefined) return ours <= atMost
  return atLeastOfPlain === undefined ? undefined : ours >= plain * atLeastOfPlain
}

export function wireTable(figures: readonly WireFigure[]): string {
  return plainTable(
    [
      ['figure', 'left'],
      ['ours', 'right'],
      ['plain', 'right'],
      ['ours / plain', 'right'],
      ['unit', 'left'],
      ['goal', 'left'],
      ['reached', 'left'],
    ],
    figures.map((each) => [
      each.name,
      rounded(each.ours),
      rounded(each.plain),
      each.plain === 0 ? '–' : (each.ours / each.plain).toFixed(2),
      each.unit,
      goalOf(each),
      { true: 'yes', false: 'NO', undefined: '–' }[String(isReached(each)) as 'true' | 'false' | 'undefined'],
    ]),
  )
}

export function wireJson(each: WireFigure): object {
  return {
    ...each,
    ratio: each.plain === 0 ? null : each.ours / each.plain,
    isReached: isReached(each) ?? null,
  }
}

function goalOf({ atMost, atLeastOfPlain }: WireFigure): string {
  if (atMost !== undefined) return `≤ ${atMost}`
  return atLeastOfPlain === undefined ? '–' : `≥ ${atLeastOfPlain} of plain`
}

function rounded(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2)
}
