/** How long the account's phone has been silent, for whoever shows it. */

import type { BotStatus } from '../bot-status.ts'

/** Seconds; undefined before the bot has looked for a sign of it. */
export function phoneSilentSeconds(status: BotStatus | undefined, nowMs: number): number | undefined {
  const sinceMs = status?.phone?.silentSinceMs
  return sinceMs === undefined ? undefined : Math.max(0, nowMs - sinceMs) / 1000
}
