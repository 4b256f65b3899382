/** A figure of ours beside plain Baileys', as text and as JSON, and whether it reaches its goal. */

import { plainTable } from '../../sim/report/plain-table.ts'

/** A value for each kind of subject. */
export interface Pair {
  plain: number
  ours: number
}

export interface WireFigure {
  readonly name: string
  readonly unit: string
  readonly plain: number
  readonly ours: number
  /** Ours shall be at most so much; left out where it is only watched. */
  readonly atMost?: number
  /** Ours shall be at least so much of plain. */
  readonly atLeastOfPlain?: number
  /** Ours shall be at most so much of plain. */
  readonly atMostOfPlain?: number
}

export function pair(): Pair {
  return { plain: Number.NaN, ours: Number.NaN }
}

export function wireFigure(name: string, unit: string, { plain, ours }: Pair): WireFigure {
  return { name, unit, plain, ours }
}

/** Undefined: only watched. */
export function isReached(figure: WireFigure): boolean | undefined {
  const { plain, ours, atMost, atLeastOfPlain, atMostOfPlain } = figure
  if (atMost !== undefined) return ours <= atMost
  if (atMostOfPlain !== undefined) return ours <= plain * atMostOfPlain
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

function goalOf({ atMost, atLeastOfPlain, atMostOfPlain }: WireFigure): string {
  if (atMost !== undefined) return `≤ ${atMost}`
  if (atMostOfPlain !== undefined) return `≤ ${atMostOfPlain} of plain`
  return atLeastOfPlain === undefined ? '–' : `≥ ${atLeastOfPlain} of plain`
}

function rounded(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2)
}
