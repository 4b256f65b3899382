/**
 * How long Heroku lets a crashed dyno wait: the first crash costs nothing, each further one in a row more.
 * Pure; heroku-dyno.ts keeps the count.
 */

import type { Random } from '../../src/ports/random.ts'
import type { HerokuRules } from './heroku-rules.ts'

const MINUTE_MS = 60_000

/**
 * Crashes in a row after one more.
 * @param upForMs how long the crashed dyno had been up; undefined when it never was
 */
export function crashesInRow(
  rules: Pick<HerokuRules, 'coolOffResetMs'>,
  before: number,
  upForMs: number | undefined,
): number {
  return upForMs !== undefined && upForMs >= rules.coolOffResetMs ? 1 : before + 1
}

/** Whole ms to wait after the `crashes`-th (≥ 1) crash in a row, the restart itself not included. */
export function coolOffMs(
  rules: Pick<HerokuRules, 'coolOffMinutes' | 'coolOffDraw'>,
  crashes: number,
  random: Random,
): number {
  const ladder = rules.coolOffMinutes
  const maxMs = (ladder[Math.min(crashes, ladder.length) - 1] ?? 0) * MINUTE_MS
  switch (rules.coolOffDraw) {
    case 'worst-case':
      return maxMs
    case 'up-to':
      return maxMs === 0 ? 0 : Math.ceil(maxMs * (1 - random.next()))
    default:
      return rules.coolOffDraw satisfies never
  }
}
