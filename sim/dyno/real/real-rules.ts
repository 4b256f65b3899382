/**
 * Heroku's rules for real processes: the model's numbers (heroku-rules.ts) and those that only a router, a
 * sleeping dyno or a preboot needs. Only waits that a calendar imposes are compressed; whatever the app
 * itself can notice (boot limit, grace, sampling, the router's time-outs) stays as long as on Heroku.
 */

import { HEROKU_RULES } from '../heroku-rules.ts'
import type { HerokuRules } from '../heroku-rules.ts'
import type { DynoSize } from './dyno-size.ts'

const MB_BYTES = 1_048_576
const MINUTE_MS = 60_000

export interface RealRules extends HerokuRules {
  /** How often the hard limit between samples is looked at. Chosen: 200 MB/s can pass it by 20 MB. */
  readonly ceilingPollMs: number
  /** A sleeping size goes to sleep after so long without a request. help.heroku.com/Q8OBM85C */
  readonly sleepAfterMs: number
  /** Preboot switches the router this long after the boot limit. devcenter.heroku.com/articles/preboot */
  readonly prebootExtraMs: number
  /** H12 when the first byte takes longer, counted from the request's last. …/articles/request-timeout */
  readonly requestTimeoutMs: number
  /** H15 and H28 when nothing flows for so long afterwards. …/articles/request-timeout */
  readonly idleTimeoutMs: number
  /** H19 when the dyno does not accept the connection. …/articles/error-codes */
  readonly connectTimeoutMs: number
  /** H20 when no dyno is up for so long. …/articles/error-codes */
  readonly queueLimitMs: number
}

/** The rules of one dyno size. A second SIGTERM comes only where it is asked for. */
export function realRules(size: DynoSize, changes: Partial<RealRules> = {}): RealRules {
  return {
    ...HEROKU_RULES,
    repeatedSigtermChance: 0,
    quotaBytes: size.quotaMb * MB_BYTES,
    r15Ratio: size.r15Ratio,
    ceilingRatio: size.ceilingRatio,
    ceilingPollMs: 100,
    sleepAfterMs: 30 * MINUTE_MS,
    prebootExtraMs: 2 * MINUTE_MS,
    requestTimeoutMs: 30_000,
    idleTimeoutMs: 55_000,
    connectTimeoutMs: 5_000,
    queueLimitMs: 75_000,
    ...changes,
  }
}

/**
 * The same rules with every calendar wait `factor` times shorter. How long a dyno has to live for its crashes to be
 * forgotten is its own time, not the calendar's.
 */
export function compressRules(rules: RealRules, factor: number): RealRules {
  return {
    ...rules,
    cycleMs: rules.cycleMs / factor,
    cycleExtraMaxMs: Math.floor(rules.cycleExtraMaxMs / factor),
    coolOffMinutes: rules.coolOffMinutes.map((minutes) => minutes / factor),
    sleepAfterMs: rules.sleepAfterMs / factor,
    prebootExtraMs: rules.prebootExtraMs / factor,
  }
}
