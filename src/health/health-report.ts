/**
 * How the dyno is, from what is known of supervisor and bot: one status with its reasons, and the JSON that
 * /health answers. Pure. Surprising: WhatsApp being away is `degraded`, never `down`: nothing that restarts
 * processes by this answer could mend it. What each reason asks of the owner is in docs/operations.md.
 */

import type { BotView, HealthSource, MemoryView, SupervisorView } from './health-source.ts'

export type HealthStatus = 'ok' | 'degraded' | 'starting' | 'down'

/** Stable names; docs/operations.md explains each one. */
export const HEALTH_REASONS = [
  'bot-not-running',
  'bot-stalled',
  'bot-starting',
  'bot-ending',
  'no-status',
  'step-failed',
  'step-degraded',
  'step-retrying',
  'database-unreachable',
  'session-halted',
  'session-unusable',
  'lease-not-held',
  'pairing',
  'connecting',
  'disconnected',
  'memory-high',
  'memory-emergency',
  'memory-unmeasured',
  'phone-unseen',
] as const
export type HealthReason = (typeof HEALTH_REASONS)[number]

export interface HealthVerdict {
  readonly status: HealthStatus
  /** Why it is not `ok`, gravest first; empty when it is. */
  readonly reasons: readonly HealthReason[]
}

/** What anybody may know: the shape that monitors of the bot have always read. */
export interface HealthReport {
  readonly status: HealthStatus
  /** ISO 8601. */
  readonly timestamp: string
  /** Seconds since the dyno's boot. */
  readonly uptime: number
  readonly memory: {
    readonly percentages: {
      /** Used share of V8's heap in the bot; in the supervisor while there is no bot. Null when unknown. */
      readonly heapUsage: number | null
      /** Share of the dyno's quota that all its processes use. Null when unknown. */
      readonly systemUsage: number | null
    }
  }
  readonly memoryOptimizationEnabled: boolean
  /** True when the bot's last statement was answered, and recently. */
  readonly databaseConnected: boolean
}

export interface HealthContext {
  /** Wall clock, ms since 1970. */
  readonly nowMs: number
  readonly isMemoryOptimizationEnabled: boolean
}

export function assessHealth(source: HealthSource): HealthVerdict {
  const supervisor = source.supervisor()
  const bot = source.bot()
  const gone = processReasons(supervisor)
  if (gone.length > 0) return { status: goneStatus(supervisor), reasons: gone }
  if (bot === undefined || bot.ageMs > source.staleAfterMs) return silent(bot)
  const reasons = [...stepReasons(bot), ...sessionReasons(bot), ...memoryReasons(bot), ...phoneReasons(bot)]
  if (reasons.length === 0) return { status: 'ok', reasons }
  const isStarting = bot.status.steps.some(({ state }) => state === 'waiting' || state === 'running')
  const hasTrouble = reasons.some((reason) => !STARTING_REASONS.has(reason))
  return { status: isStarting && !hasTrouble ? 'starting' : 'degraded', reasons }
}

export function healthReport(source: HealthSource, context: HealthContext): HealthReport {
  const bot = currentBot(source)
  const memory = source.memory()
  return {
    status: assessHealth(source).status,
    timestamp: new Date(context.nowMs).toISOString(),
    uptime: Math.round(source.supervisor().uptimeMs) / 1000,
    memory: { percentages: { heapUsage: heapPercent(bot, memory), systemUsage: quotaPercent(memory, bot) } },
    memoryOptimizationEnabled: context.isMemoryOptimizationEnabled,
    databaseConnected: bot?.status.database.isReachable ?? false,
  }
}

/** The bot's view while it is fresh enough to be believed. */
export function currentBot(source: HealthSource): BotView | undefined {
  const bot = source.bot()
  return bot !== undefined && bot.ageMs <= source.staleAfterMs ? bot : undefined
}

/** While the bot starts these are what a start looks like, no trouble. */
const STARTING_REASONS: ReadonlySet<HealthReason> = new Set([
  'bot-starting',
  'database-unreachable',
  'lease-not-held',
  'connecting',
])

function processReasons({ botProcess }: SupervisorView): HealthReason[] {
  switch (botProcess) {
    case 'running':
      return []
    case 'starting':
      return ['bot-starting']
    case 'stalled':
      return ['bot-stalled']
    case 'ending':
      return ['bot-ending']
    case 'waiting':
    case 'stopped':
      return ['bot-not-running']
    default:
      return botProcess satisfies never
  }
}

/** A process that is replaced in order is no reason for alarm. */
function goneStatus({ botProcess }: SupervisorView): HealthStatus {
  if (botProcess === 'starting') return 'starting'
  return botProcess === 'ending' ? 'degraded' : 'down'
}

function silent(bot: BotView | undefined): HealthVerdict {
  if (bot === undefined) return { status: 'starting', reasons: ['bot-starting'] }
  return { status: 'degraded', reasons: ['no-status'] }
}

function stepReasons({ status }: BotView): HealthReason[] {
  const has = (...states: string[]): boolean => status.steps.some(({ state }) => states.includes(state))
  const reasons: HealthReason[] = []
  if (has('failed')) reasons.push('step-failed')
  if (has('retrying')) reasons.push('step-retrying')
  if (has('degraded')) reasons.push('step-degraded')
  if (has('waiting', 'running')) reasons.push('bot-starting')
  return reasons
}

function sessionReasons({ status }: BotView): HealthReason[] {
  const { connection, lease, database } = status
  const reasons: HealthReason[] = []
  if (!database.isReachable) reasons.push('database-unreachable')
  if (status.sessionTrouble !== undefined) reasons.push('session-unusable')
  if (lease.status === 'halted' || connection.state === 'halted') return [...reasons, 'session-halted']
  if (lease.status === 'none') return [...reasons, 'lease-not-held']
  switch (connection.state) {
    case 'open':
      return reasons
    case 'pairing':
      return [...reasons, 'pairing']
    case 'charging':
    case 'connecting':
    case 'standby':
      return [...reasons, 'connecting']
    case 'waiting':
    case 'ending':
    case 'stopped':
      return [...reasons, 'disconnected']
    default:
      return connection.state satisfies never
  }
}

function memoryReasons({ status }: BotView): HealthReason[] {
  const { level, isMeasuring } = status.memory
  if (!isMeasuring) return ['memory-unmeasured']
  if (level === 'emergency') return ['memory-emergency']
  return level === 'normal' ? [] : ['memory-high']
}

function phoneReasons({ status }: BotView): HealthReason[] {
  return status.phone?.isOverdue === true ? ['phone-unseen'] : []
}

function heapPercent(bot: BotView | undefined, memory: MemoryView | undefined): number | null {
  const sample = bot?.status.memory.sample ?? memory?.sample
  if (sample === undefined || sample.heapTotalBytes === 0) return null
  return Math.round((sample.heapUsedBytes / sample.heapTotalBytes) * 100)
}

/** Measured by the supervisor, which sees the same processes; else the bot's last sample. */
function quotaPercent(memory: MemoryView | undefined, bot: BotView | undefined): number | null {
  if (memory !== undefined) return Math.round((memory.sample.usedBytes / memory.quotaBytes) * 100)
  const percent = bot?.status.memory.percent
  return percent === undefined ? null : Math.round(percent)
}
