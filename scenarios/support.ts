/** Words that scenarios share: spans of time and the claims that hold for any sound bot at any time. */

import type { AlwaysClaim } from '../sim/checkers/claim.ts'

export const SECOND_MS = 1_000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

/** What must hold whatever happens, unless a scenario says why not. */
export const SOUND: readonly AlwaysClaim[] = [
  'single-socket',
  'backoff-law',
  'attempts-in-budget',
  'terminal-is-final',
  'session-integrity',
  'answered-at-most-once',
  'memory-acted-on',
  'no-r15',
  'no-leaks',
  'stops-in-time',
  'one-bot-a-dyno',
  'dyno-lives',
  'restarts-in-bounds',
  'hangs-ended',
]

/** The bot's own default: the lab's declared workload samples every 20 s, which no burst waits for. */
export const PRODUCTION_SAMPLING = { MEMORY_SAMPLE_INTERVAL_MS: '2000' }
