/**
 * Heroku's rules for one web dyno as numbers, each with its source. They are data, so that a scenario may
 * change one; what follows from them is decided in cool-off.ts, memory-verdict.ts and dyno-draws.ts. Some
 * rules are documented only vaguely: those say so, and are parameters for that reason.
 */

const MB_BYTES = 1_048_576
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export interface HerokuRules {
  /** Memory of an Eco, Basic or Standard-1X dyno. devcenter.heroku.com/articles/dyno-types */
  readonly quotaBytes: number
  /** Gap between two memory samples. Documented 20 s: devcenter.heroku.com/articles/log-runtime-metrics */
  readonly sampleMs: number
  /** Each gap is off by up to this much. Logs show 19.6–20.4 s (2024) and 21–22 s (2015–22). */
  readonly sampleJitterMs: number
  /** R14 above this share of the quota, rss + swap + cache. devcenter.heroku.com/articles/error-codes */
  readonly r14Ratio: number
  /** R15 above this share, rss + swap only. devcenter.heroku.com/articles/dyno-memory-behavior */
  readonly r15Ratio: number
  /** Killed at once here, between samples: two unrelated apps' logs end at exactly 1280M(250.0%). Inferred. */
  readonly ceilingRatio: number
  /** From SIGTERM to R12 and SIGKILL. devcenter.heroku.com/articles/dyno-shutdown-behavior */
  readonly terminationMs: number
  /** "May arrive more than once" (same page, and steve.dignam.xyz/2021/01/17/heroku-signals); how often is not said. */
  readonly repeatedSigtermChance: number
  /** The repeat comes up to this much later. Assumed. */
  readonly repeatedSigtermMaxMs: number
  /** A web dyno binds $PORT within this time, else R10 and SIGKILL. devcenter.heroku.com/articles/error-codes */
  readonly bootLimitMs: number
  /** Daily restart of each dyno: this much after its boot … devcenter.heroku.com/articles/dyno-restarts */
  readonly cycleMs: number
  /** … plus a uniform draw up to this. Same page. */
  readonly cycleExtraMaxMs: number
  /** Cool-off after the 1st, 2nd, … crash in a row; the last one stays. Dev Center, dyno crash restart policy (2019). */
  readonly coolOffMinutes: readonly number[]
  /** The page says "up to" so many minutes: drawn uniformly in (0, max], or always the worst. */
  readonly coolOffDraw: 'up-to' | 'worst-case'
  /** Crashes in a row begin anew after so long up. Documented as "when the dyno starts correctly". Chosen. */
  readonly coolOffResetMs: number
  /** From the end of a crashed dyno (or its cool-off) to the next start: 2.5 s in a log of 2024. */
  readonly crashRestartMs: number
  /** Whether the end of a dyno by its host counts as a crash of the app. Not documented; taken as no. */
  readonly isHardwareFaultCrash: boolean
  /** On restart and deploy, old and new run at once. devcenter.heroku.com/articles/dyno-startup-behavior */
  readonly isOverlapping: boolean
  /** The new one starts up to this long after SIGTERM: logs show 0 (deploy) and 0.9 s (cycling). Upper end chosen. */
  readonly startGapMaxMs: number
}

/** A 512 MB web dyno on the Common Runtime. */
export const HEROKU_RULES: HerokuRules = {
  quotaBytes: 512 * MB_BYTES,
  sampleMs: 20_000,
  sampleJitterMs: 2_000,
  r14Ratio: 1,
  r15Ratio: 2,
  ceilingRatio: 2.5,
  terminationMs: 30_000,
  repeatedSigtermChance: 0.25,
  repeatedSigtermMaxMs: 2_000,
  bootLimitMs: 60_000,
  cycleMs: 24 * HOUR_MS,
  cycleExtraMaxMs: 216 * MINUTE_MS,
  coolOffMinutes: [0, 20, 40, 60, 180, 320],
  coolOffDraw: 'up-to',
  coolOffResetMs: 5 * MINUTE_MS,
  crashRestartMs: 2_500,
  isHardwareFaultCrash: false,
  isOverlapping: true,
  startGapMaxMs: 4_000,
}
