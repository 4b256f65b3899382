/**
 * What Heroku makes of a dyno's memory. R14 counts cache, R15 and the ceiling do not. Pure.
 */

import type { HerokuRules } from './heroku-rules.ts'

const MB_BYTES = 1_048_576

/** Bytes of all the dyno's processes together. */
export interface MemoryUse {
  readonly rssAndSwap: number
  readonly cache: number
}

/** `r15` ends the dyno; `r14` is repeated at each sample and only warns. */
export type MemoryVerdict = 'fine' | 'r14' | 'r15'

export interface MemoryFigures {
  /** Whole MB, rounded down, as Heroku prints it. */
  readonly memoryMb: number
  /** Percent of the quota, to one decimal. */
  readonly percent: number
}

export function judgeMemory(
  rules: Pick<HerokuRules, 'quotaBytes' | 'r14Ratio' | 'r15Ratio'>,
  use: MemoryUse,
): MemoryVerdict {
  if (use.rssAndSwap > rules.r15Ratio * rules.quotaBytes) return 'r15'
  return use.rssAndSwap + use.cache > rules.r14Ratio * rules.quotaBytes ? 'r14' : 'fine'
}

/** The hard limit of memory and swap, which does not wait for a sample. */
export function isCeilingReached(
  rules: Pick<HerokuRules, 'quotaBytes' | 'ceilingRatio'>,
  use: MemoryUse,
): boolean {
  return use.rssAndSwap >= rules.ceilingRatio * rules.quotaBytes
}

/** The figures of a log line: rss, swap and cache together. */
export function memoryFigures(rules: Pick<HerokuRules, 'quotaBytes'>, use: MemoryUse): MemoryFigures {
  const totalBytes = use.rssAndSwap + use.cache
  return {
    memoryMb: Math.floor(totalBytes / MB_BYTES),
    percent: Math.round((totalBytes / rules.quotaBytes) * 1_000) / 10,
  }
}
