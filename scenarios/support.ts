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

/** At the real level: waits that are minutes in production, seconds here. Shown with each result. */
export const SHORT_WAITS = {
  SEND_GAP_MS: '0',
  LEASE_DURATION_MS: '4000',
  LEASE_RENEW_INTERVAL_MS: '1000',
  LEASE_MARGIN_MS: '1000',
  LEASE_POLL_INTERVAL_MS: '250',
  RECONNECT_BACKOFF_BASE_MS: '500',
  RECONNECT_BACKOFF_CAP_MS: '4000',
  RECONNECT_STABLE_UPTIME_MS: '10000',
  RECONNECT_WINDOW_MS: '60000',
}

/** Where a bot stands still for longer than a short lease lasts, nobody may take it over while it stands. */
export const LONG_LEASE = {
  LEASE_DURATION_MS: '30000',
  LEASE_RENEW_INTERVAL_MS: '5000',
  LEASE_MARGIN_MS: '5000',
}
