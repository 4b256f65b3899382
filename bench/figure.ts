/** A measured figure: the median of several rounds, beside its goal. */

import { median } from '../sim/assertions/median.ts'
import { groupedText } from '../sim/report/durations.ts'
import { plainTable } from '../sim/report/plain-table.ts'

export interface Figure {
  readonly name: string
  readonly unit: string
  /** One value a round, in the order measured. */
  readonly rounds: readonly number[]
  /** At least so much is wanted; undefined when the figure is only watched. */
  readonly goal: number | undefined
  /** True: the goal is an upper bound. */
  readonly isGoalAtMost?: boolean
}

export function figureTable(figures: readonly Figure[]): string {
  return plainTable(
    [
      ['figure', 'left'],
      ['median', 'right'],
      ['lowest', 'right'],
      ['highest', 'right'],
      ['unit', 'left'],
      ['goal', 'right'],
      ['median / goal', 'right'],
    ],
    figures.map(({ name, unit, rounds, goal, isGoalAtMost }) => [
      name,
      groupedText(median(rounds)),
      groupedText(Math.min(...rounds)),
      groupedText(Math.max(...rounds)),
      unit,
      goal === undefined ? '–' : `${isGoalAtMost === true ? '≤' : '≥'} ${groupedText(goal)}`,
      goal === undefined ? '–' : (median(rounds) / goal).toFixed(2),
    ]),
  )
}

/** As a program reads it; `ratio` is median ÷ goal, null without a goal. */
export function figureJson({ name, unit, rounds, goal }: Figure): object {
  const middle = median(rounds)
  return {
    name,
    unit,
    median: middle,
    rounds,
    goal: goal ?? null,
    ratio: goal === undefined ? null : middle / goal,
  }
}
