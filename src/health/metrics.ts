/**
 * The dyno in Prometheus' text format, by prom-client. One table says what there is; values are read when
 * somebody asks, so nothing runs in between. Names follow Prometheus' conventions: base units, `_total` for
 * counters. Surprising: counters of the bot begin at 0 with each bot process, as Prometheus expects of any
 * restart, and are absent while there is no bot.
 */

import { Counter, Gauge, Registry } from 'prom-client'
import type { BotStatus } from '../bot-status.ts'
import { currentBot } from './health-report.ts'
import type { HealthSource, MemoryView, SupervisorView } from './health-source.ts'
import { phoneSilentSeconds } from './phone-silence.ts'
import { assessReadiness } from './readiness.ts'

interface View {
  readonly source: HealthSource
  readonly supervisor: SupervisorView
  readonly memory: MemoryView | undefined
  readonly status: BotStatus | undefined
  readonly nowMs: number
}

/** One number, numbers by the values of the metric's label, or nothing to say. */
type Reading = number | Readonly<Record<string, number>> | undefined

interface Definition {
  readonly kind: 'gauge' | 'counter'
  readonly name: string
  readonly help: string
  readonly label?: string
  readonly read: (view: View) => Reading
}

const PROCESS_STATES = ['starting', 'running', 'stalled', 'ending', 'waiting', 'stopped']
const CONNECTION_STATES = [
  'standby',
  'charging',
  'waiting',
  'connecting',
  'pairing',
  'open',
  'ending',
  'halted',
  'stopped',
]
const MEMORY_LEVELS = ['normal', 'cleanup', 'emergency']

const DYNO: readonly Definition[] = [
  gauge('ready', 'Whether commands are answered now.', ({ source }) => flag(assessReadiness(source).isReady)),
  gauge('uptime_seconds', 'Time since the boot of the dyno.', ({ supervisor }) => supervisor.uptimeMs / 1000),
  {
    ...gauge('bot_process_state', 'State of the bot process: 1 for the present one.', ({ supervisor }) =>
      oneOf(PROCESS_STATES, supervisor.botProcess),
    ),
    label: 'state',
  },
  {
    ...counter(
      'bot_restarts',
      'Starts of the bot process after the first, by why the one before ended.',
      (v) => v.supervisor.restarts,
    ),
    label: 'reason',
  },
  gauge(
    'bot_heartbeat_age_seconds',
    'Time since the last sign of life of the bot process.',
    ({ supervisor }) => secondsIf(supervisor.heartbeatAgeMs),
  ),
  gauge('memory_used_bytes', 'Memory of all processes of the dyno.', (v) => v.memory?.sample.usedBytes),
  gauge('memory_quota_bytes', 'The quota that memory is held under.', (v) => v.memory?.quotaBytes),
]

const BOT: readonly Definition[] = [
  {
    ...gauge('memory_level', 'Level of memory pressure: 1 for the present one.', ({ status }) =>
      oneOf(MEMORY_LEVELS, status?.memory.level),
    ),
    label: 'level',
  },
  gauge('heap_used_bytes', "Used part of the bot's V8 heap.", (v) => v.status?.memory.sample?.heapUsedBytes),
  gauge('heap_size_bytes', "Size of the bot's V8 heap.", (v) => v.status?.memory.sample?.heapTotalBytes),
  counter('memory_cleanups', 'Cleanups of memory.', ({ status }) => status?.memory.cleanups),
  {
    ...gauge(
      'connection_state',
      'State of the connection to WhatsApp: 1 for the present one.',
      ({ status }) => oneOf(CONNECTION_STATES, status?.connection.state),
    ),
    label: 'state',
  },
  counter(
    'connection_attempts',
    'Attempts to connect to WhatsApp.',
    (v) => v.status?.counters.connectAttempts,
  ),
  counter(
    'connection_opens',
    'Connections that were logged in.',
    (v) => v.status?.counters.connectionsOpened,
  ),
  {
    ...counter('disconnects', 'Ended connections and attempts.', (v) => v.status?.counters.disconnects),
    label: 'cause',
  },
  gauge(
    'backoff_failures',
    'Failures in a row since the last stable connection.',
    (v) => v.status?.connection.failures,
  ),
  gauge(
    'backoff_remaining_seconds',
    'Time until the next attempt; 0 when none is waited for.',
    backoffSeconds,
  ),
  gauge('lease_held', "Whether this bot owns the session's lease.", ({ status }) =>
    status === undefined ? undefined : flag(status.lease.status === 'held'),
  ),
  gauge('database_reachable', "Whether the bot's last statement was answered, and recently.", ({ status }) =>
    status === undefined ? undefined : flag(status.database.isReachable),
  ),
  counter('store_operations', 'Statements to the database.', (v) => v.status?.counters.storeCalls),
  counter(
    'store_failures',
    'Statements to the database that failed.',
    (v) => v.status?.counters.storeFailures,
  ),
  counter('session_writes', 'Commits of credentials and keys.', (v) => v.status?.counters.sessionWrites),
  counter(
    'session_write_failures',
    'Commits of credentials and keys that failed.',
    (v) => v.status?.counters.sessionWriteFailures,
  ),
  counter('session_write_seconds', 'Time that commits of credentials and keys took.', (v) =>
    secondsIf(v.status?.counters.sessionWriteMs),
  ),
  counter('messages_received', 'Messages delivered to the bot.', (v) => v.status?.counters.messagesReceived),
  counter(
    'messages_sent',
    'Messages handed to WhatsApp, repeats included.',
    (v) => v.status?.counters.messagesSent,
  ),
  counter(
    'messages_confirmed',
    'Sent messages that WhatsApp confirmed.',
    (v) => v.status?.counters.messagesConfirmed,
  ),
  counter(
    'messages_refused',
    'Sent messages that WhatsApp refused.',
    (v) => v.status?.counters.messagesRefused,
  ),
  gauge('last_message_timestamp_seconds', 'When the last message came in; Unix time.', (v) =>
    secondsIf(v.status?.lastMessageAtMs),
  ),
  gauge(
    'phone_silent_seconds',
    "Time without a sign of the account's phone, or since the bot began to look for one.",
    ({ status, nowMs }) => phoneSilentSeconds(status, nowMs),
  ),
  gauge('commands_queued', 'Commands that wait for their handler.', (v) => v.status?.queuedCommands),
  gauge('replies_pending', 'Replies that WhatsApp has not confirmed yet.', (v) => v.status?.pendingReplies),
]

export interface Metrics {
  readonly contentType: string
  /** The text; never rejects for lack of a bot. */
  readonly render: () => Promise<string>
}

export function createMetrics(deps: { readonly source: HealthSource; nowMs(): number }): Metrics {
  const registry = new Registry()
  // Taken once for each rendering: measuring memory thirty times would cost more than all the rest.
  let view: View | undefined
  for (const definition of [...DYNO, ...BOT]) register(registry, definition, () => view)
  return {
    contentType: registry.contentType,
    render: () => {
      view = viewOf(deps.source, deps.nowMs())
      return registry.metrics()
    },
  }
}

function viewOf(source: HealthSource, nowMs: number): View {
  const status = currentBot(source)?.status
  return { source, supervisor: source.supervisor(), memory: source.memory(), status, nowMs }
}

function register(registry: Registry, definition: Definition, view: () => View | undefined): void {
  const { kind, help, label } = definition
  const options = {
    name: `blacksky_${definition.name}${kind === 'counter' ? '_total' : ''}`,
    help,
    labelNames: label === undefined ? [] : [label],
    registers: [registry],
    collect: () => fill(metric, definition, view()),
  }
  const metric: Gauge | Counter = kind === 'gauge' ? new Gauge(options) : new Counter(options)
}

function fill(metric: Gauge | Counter, { label, read }: Definition, view: View | undefined): void {
  metric.reset()
  const reading = view === undefined ? undefined : read(view)
  if (reading !== undefined && typeof reading !== 'number') {
    for (const [value, count] of Object.entries(reading)) metric.inc({ [label ?? '']: value }, count)
  } else if (label === undefined) {
    // `reset` has made it 0; what is not known is left out instead.
    if (reading === undefined) metric.remove()
    else metric.inc(reading)
  }
}

function gauge(name: string, help: string, read: (view: View) => Reading): Definition {
  return { kind: 'gauge', name, help, read }
}

function counter(name: string, help: string, read: (view: View) => Reading): Definition {
  return { kind: 'counter', name, help, read }
}

function backoffSeconds({ status, nowMs }: View): Reading {
  if (status === undefined) return undefined
  const { nextAttemptAtMs } = status.connection
  return nextAttemptAtMs === undefined ? 0 : Math.max(0, nextAttemptAtMs - nowMs) / 1000
}

function oneOf(states: readonly string[], present: string | undefined): Reading {
  if (present === undefined) return undefined
  return Object.fromEntries(states.map((state) => [state, flag(state === present)]))
}

function flag(isTrue: boolean): number {
  return isTrue ? 1 : 0
}

function secondsIf(durationMs: number | undefined): number | undefined {
  return durationMs === undefined ? undefined : durationMs / 1000
}
