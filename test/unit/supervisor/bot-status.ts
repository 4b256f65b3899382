/** A bot's status with harmless values, for tests of what carries it. */

import type { BotStatus } from '../../../src/bot-status.ts'

/** Only its outline matters to the supervisor. */
export function botStatus(): BotStatus {
  const status: unknown = { connection: { state: 'open' }, lease: { status: 'held' }, memory: {}, steps: [] }
  return status as BotStatus
}
