/**
 * Whether the bot can answer a command now: connected, owner of the session, database at hand. Pure. For
 * whoever waits for it (a deploy, a monitor); liveness is health-report.ts's matter.
 */

import { currentBot } from './health-report.ts'
import type { HealthSource } from './health-source.ts'

export interface Readiness {
  readonly isReady: boolean
  /** What is missing, as plain text; empty when ready. */
  readonly missing: readonly string[]
}

export function assessReadiness(source: HealthSource): Readiness {
  const { botProcess } = source.supervisor()
  const bot = currentBot(source)
  const missing: string[] = []
  if (botProcess !== 'running') missing.push(`the bot process is ${botProcess}`)
  if (bot === undefined) return { isReady: false, missing: [...missing, 'the bot has not reported lately'] }
  const { connection, lease, database } = bot.status
  if (connection.state !== 'open') missing.push(`the connection is ${connection.state}`)
  if (lease.status !== 'held') missing.push('the session’s lease is not held')
  if (!database.isReachable) missing.push('the database does not answer')
  return { isReady: missing.length === 0, missing }
}
