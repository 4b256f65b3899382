/** A dyno that is well, with a word for what a test wants otherwise; and its health server on a free port. */

import { SystemClock } from '../../../src/adapters/system-clock.ts'
import type { BotStatus } from '../../../src/bot-status.ts'
import { allowedHosts } from '../../../src/health/allowed-hosts.ts'
import type {
  BotView,
  HealthSource,
  MemoryView,
  SnapshotDoor,
  SupervisorView,
} from '../../../src/health/health-source.ts'
import { createHealthServer } from '../../../src/health/http-server.ts'
import type { HealthServer, HttpLimits } from '../../../src/health/http-server.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

export const TOKEN = 'open-sesame-open-sesame'
export const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5)
export const STALE_AFTER_MS = 30_000
const MB = 1_048_576

export function supervisorView(changes: Partial<SupervisorView> = {}): SupervisorView {
  return {
    uptimeMs: 11_763.5,
    botProcess: 'running',
    inStateMs: 10_000,
    nextStartInMs: undefined,
    heartbeatAgeMs: 400,
    restarts: {},
    lastEnd: undefined,
    ...changes,
  }
}

/** Connected, owner of the lease, database at hand, memory at a third of the quota. */
export function botStatus(changes: Partial<BotStatus> = {}): BotStatus {
  const sample = {
    usedBytes: 170 * MB,
    measure: 'pss',
    heapUsedBytes: 31 * MB,
    heapTotalBytes: 50 * MB,
  } as const
  return {
    connection: {
      state: 'open',
      cause: undefined,
      failures: 0,
      sinceMs: NOW_MS - 60_000,
      nextAttemptAtMs: undefined,
      qr: undefined,
      deafReconnects: 0,
    },
    lease: { status: 'held', epoch: 3 },
    memory: {
      isOptimizationEnabled: true,
      isHeavyWorkAllowed: true,
      quotaBytes: 512 * MB,
      level: 'normal',
      percent: 33.2,
      sample,
      sampledAtMs: NOW_MS,
      isMeasuring: true,
      alerts: [],
      cleanups: 2,
      lastCleanup: undefined,
      lastRecycle: undefined,
    },
    steps: [step('database', 'ready'), step('lease', 'ready')],
    queuedCommands: 0,
    pendingReplies: 1,
    database: {
      isReachable: true,
      lastAnswerAtMs: NOW_MS,
      lastFailureAtMs: undefined,
      failure: undefined,
    },
    counters: {
      storeCalls: 40,
      storeFailures: 1,
      sessionWrites: 12,
      sessionWriteFailures: 1,
      sessionWriteMs: 2_500,
      connectAttempts: 3,
      connectionsOpened: 2,
      disconnects: { 'connection-lost': 1 },
      messagesReceived: 7,
      messagesSent: 6,
      messagesConfirmed: 5,
      messagesRefused: 1,
    },
    lastMessageAtMs: NOW_MS - 5_000,
    ...changes,
  }
}

export function step(name: string, state: BotStatus['steps'][number]['state']): BotStatus['steps'][number] {
  return { name, isRequired: true, state, attempts: 1, durationMs: 5, reason: undefined }
}

export function connection(changes: Partial<BotStatus['connection']>): Partial<BotStatus> {
  return { connection: { ...botStatus().connection, ...changes } }
}

export function memory(changes: Partial<BotStatus['memory']>): Partial<BotStatus> {
  return { memory: { ...botStatus().memory, ...changes } }
}

export function botView(changes: Partial<BotStatus> = {}, view: Partial<BotView> = {}): BotView {
  return { status: botStatus(changes), ageMs: 900, pairingCode: undefined, ...view }
}

/** `'none'` stands for what is not there. */
export function sourceOf(
  parts: {
    readonly supervisor?: Partial<SupervisorView>
    readonly bot?: BotView | 'none'
    readonly memory?: MemoryView | 'none'
  } = {},
): HealthSource {
  const { bot = botView(), memory: measured } = parts
  const sample = {
    usedBytes: 180 * MB,
    measure: 'pss',
    heapUsedBytes: 4 * MB,
    heapTotalBytes: 8 * MB,
  } as const
  const present = measured ?? { quotaBytes: 512 * MB, sample }
  return {
    staleAfterMs: STALE_AFTER_MS,
    supervisor: () => supervisorView(parts.supervisor),
    bot: () => (bot === 'none' ? undefined : bot),
    memory: () => (present === 'none' ? undefined : present),
  }
}

export interface RunningServer {
  readonly server: HealthServer
  readonly port: number
  readonly url: string
  readonly logger: RecordingLogger
}

/** Real time unless a clock is given. */
export async function runServer(
  options: {
    readonly source?: HealthSource
    readonly snapshots?: SnapshotDoor
    /** `undefined` stands for none; left out, it is TOKEN. */
    readonly token?: string | undefined
    readonly isOnDyno?: boolean
    readonly hosts?: string
    readonly clock?: Clock
    readonly limits?: Partial<HttpLimits>
  } = {},
): Promise<RunningServer> {
  const { isOnDyno = false } = options
  const logger = new RecordingLogger()
  const server = createHealthServer({
    clock: options.clock ?? new SystemClock(),
    logger,
    source: options.source ?? sourceOf(),
    snapshots: options.snapshots,
    settings: {
      adminToken: 'token' in options ? options.token : TOKEN,
      allowedHosts: allowedHosts({ setting: options.hosts, isOnDyno }),
      isOnDyno,
      isMemoryOptimizationEnabled: true,
    },
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  })
  const port = await server.listen({ port: 0, host: '127.0.0.1' })
  return { server, port, url: `http://127.0.0.1:${port}`, logger }
}
