/**
 * What /health adds for its owner. Pure. Left out on purpose: the QR text and the pairing code (who reads
 * them can link a device; the page shows them), chats and texts.
 */

import { assessHealth } from './health-report.ts'
import type { HealthReason } from './health-report.ts'
import type { BotView, HealthSource, ProcessEnd } from './health-source.ts'
import { assessReadiness } from './readiness.ts'
import type { Readiness } from './readiness.ts'

export interface HealthDetails {
  readonly reasons: readonly HealthReason[]
  readonly readiness: Readiness
  readonly process: {
    readonly state: string
    readonly inStateSeconds: number
    readonly nextStartInSeconds: number | undefined
    readonly heartbeatAgeSeconds: number | undefined
    readonly restarts: Readonly<Record<string, number>>
    readonly lastEnd: (Omit<ProcessEnd, 'atMs'> & { readonly at: string }) | undefined
  }
  /** Undefined before the bot's first report. */
  readonly bot: BotDetails | undefined
}

type BotDetails = ReturnType<typeof botDetails>

export function healthDetails(source: HealthSource): HealthDetails {
  const supervisor = source.supervisor()
  const bot = source.bot()
  const { lastEnd } = supervisor
  return {
    reasons: assessHealth(source).reasons,
    readiness: assessReadiness(source),
    process: {
      state: supervisor.botProcess,
      inStateSeconds: supervisor.inStateMs / 1000,
      nextStartInSeconds: seconds(supervisor.nextStartInMs),
      heartbeatAgeSeconds: seconds(supervisor.heartbeatAgeMs),
      restarts: supervisor.restarts,
      lastEnd:
        lastEnd === undefined
          ? undefined
          : {
              reason: lastEnd.reason,
              exitCode: lastEnd.exitCode,
              signal: lastEnd.signal,
              at: isoTime(lastEnd.atMs),
            },
    },
    bot: bot === undefined ? undefined : botDetails(bot),
  }
}

function botDetails({ status, ageMs }: BotView) {
  const { connection, database, memory, counters } = status
  return {
    reportAgeSeconds: ageMs / 1000,
    connection: {
      state: connection.state,
      since: isoTime(connection.sinceMs),
      cause: connection.cause,
      failures: connection.failures,
      nextAttemptAt: isoTimeIf(connection.nextAttemptAtMs),
      attempts: counters.connectAttempts,
      disconnects: counters.disconnects,
      deafReconnects: connection.deafReconnects,
    },
    lease: status.lease,
    sessionTrouble: status.sessionTrouble,
    phone:
      status.phone === undefined
        ? undefined
        : { silentSince: isoTime(status.phone.silentSinceMs), overdue: status.phone.isOverdue },
    database: {
      reachable: database.isReachable,
      lastAnswerAt: isoTimeIf(database.lastAnswerAtMs),
      lastFailureAt: isoTimeIf(database.lastFailureAtMs),
      failure: database.failure,
    },
    messages: {
      lastReceivedAt: isoTimeIf(status.lastMessageAtMs),
      received: counters.messagesReceived,
      sent: counters.messagesSent,
      confirmed: counters.messagesConfirmed,
      refused: counters.messagesRefused,
      queuedCommands: status.queuedCommands,
      pendingReplies: status.pendingReplies,
    },
    memory,
    steps: status.steps,
  }
}

function seconds(durationMs: number | undefined): number | undefined {
  return durationMs === undefined ? undefined : durationMs / 1000
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString()
}

function isoTimeIf(atMs: number | undefined): string | undefined {
  return atMs === undefined ? undefined : isoTime(atMs)
}
