/**
 * From the flat configuration to the slice that each part receives. Numbers that no operator should need to
 * turn are here, each with its reason; everything else comes from a setting.
 */

import type { BotOptions } from './bot-ports.ts'
import type { Config } from './config.ts'
import type { ConnectionSettings } from './connection/connection-settings.ts'
import type { PhoneSettings } from './connection/phone-policy.ts'
import { resolveQuotaBytes } from './memory/dyno-memory.ts'
import { memorySettings } from './memory/memory-settings.ts'
import type { MemorySettings } from './memory/memory-settings.ts'
import type { InboxSettings } from './messages/inbox.ts'
import type { OutboxSettings } from './messages/outbox.ts'
import type { RetentionSettings } from './messages/retention.ts'
import type { PluginHostSettings } from './plugins/plugin-host.ts'
import type { AuthStateSettings } from './session/auth-state.ts'
import type { LeaseSettings } from './session/lease.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const MB_BYTES = 1_048_576

/** Writes wait this long for a database that is away; by then the lease has been given up. */
export const STORE_WAIT_MS = MINUTE_MS
/** A second connection in a row that was deaf from its start: the fault may be in this process. */
export const DEAF_RECONNECTS_BEFORE_RECYCLE = 2

export function leaseSettings(config: Config): LeaseSettings {
  return {
    durationMs: config.leaseDurationMs,
    renewIntervalMs: config.leaseRenewIntervalMs,
    marginMs: config.leaseMarginMs,
    pollIntervalMs: config.leasePollIntervalMs,
    attemptWindowMs: config.reconnectWindowMs,
    maxAttemptsPerWindow: config.reconnectMaxAttemptsPerWindow,
  }
}

export function connectionSettings(config: Config): ConnectionSettings {
  return {
    backoff: { baseMs: config.reconnectBackoffBaseMs, capMs: config.reconnectBackoffCapMs },
    // Another client on our credentials: it must get the chance to go away.
    conflictBackoff: { baseMs: 30 * SECOND_MS, capMs: 10 * MINUTE_MS },
    // Only a newer version helps, and those come within hours.
    versionBackoff: { baseMs: MINUTE_MS, capMs: 30 * MINUTE_MS },
    stableUptimeMs: config.reconnectStableUptimeMs,
    maxRetries: config.reconnectMaxRetries,
    probeIntervalMs: config.reconnectProbeIntervalMs,
    connectTimeoutMs: config.connectTimeoutMs,
    // Ending is a matter of milliseconds, or of the 30 s that a black-holed transport takes: not worth waiting.
    endTimeoutMs: 8 * SECOND_MS,
    checkIntervalMs: config.connectionCheckIntervalMs,
    pingTimeoutMs: 15 * SECOND_MS,
    quietMs: config.connectionQuietMs,
    ackTimeoutMs: MINUTE_MS,
    probeTimeoutMs: 30 * SECOND_MS,
    // A phone with a network answers within seconds; what takes longer was asleep, and may be so again.
    phoneAnswerMs: 30 * SECOND_MS,
    // A silence that goes on is asked about as often as it takes to arouse suspicion.
    minDeafProbeIntervalMs: config.connectionQuietMs,
  }
}

export function phoneSettings(config: Config): PhoneSettings {
  const { phoneUnseenDays } = config
  return {
    warnAfterMs: phoneUnseenDays === 0 ? undefined : phoneUnseenDays * DAY_MS,
    // A phone in use is heard of within a day; one that lies in a drawer should not be rung up more often.
    askAfterMs: DAY_MS,
    // Its answer takes seconds, unless its system lets it sleep.
    answerWithinMs: 5 * MINUTE_MS,
  }
}

export function botMemorySettings(options: BotOptions): MemorySettings {
  const { config, containerLimitBytes, totalMemoryBytes } = options
  const quotaBytes = resolveQuotaBytes({
    settingMb: config.memoryQuotaMb,
    memoryAvailableMb: config.memoryAvailableMb,
    cgroupLimitBytes: containerLimitBytes,
    totalMemBytes: totalMemoryBytes,
  })
  return memorySettings({
    isEnabled: config.isMemoryOptimizationEnabled,
    quotaBytes,
    cleanupPercent: config.memoryCleanupPercent,
    emergencyPercent: config.memoryEmergencyPercent,
    sampleIntervalMs: config.memorySampleIntervalMs,
  })
}

/** A chat's session is about 1 kB: the cache holds some 4,000 of them, the queues a burst of writes. */
export const AUTH_STATE_SETTINGS: AuthStateSettings = {
  keyCacheBytes: 4 * MB_BYTES,
  maxQueuedWrites: 2_000,
  maxQueuedBytes: 8 * MB_BYTES,
}

export function inboxSettings(config: Config): InboxSettings {
  return {
    maxAgeMs: config.messageMaxAgeMs,
    // Beyond it commands wait in the journal, so the bound costs latency only.
    maxQueued: 200,
    maxConcurrentChats: 4,
    handlerTimeoutMs: 30 * SECOND_MS,
  }
}

export const PLUGIN_HOST_SETTINGS: PluginHostSettings = {
  // Less than half of the inbox's own patience: a command that another one held up still has its turn.
  answerWithinMs: 14 * SECOND_MS,
  // A loop that turns answers within milliseconds, on a starved machine within a second.
  pongWithinMs: SECOND_MS,
  // A chat with a command now often has the next one soon.
  idleMs: MINUTE_MS,
}

export function outboxSettings(config: Config): OutboxSettings {
  return {
    maxQueued: 200,
    sendGapMs: config.sendGapMs,
    ackTimeoutMs: MINUTE_MS,
    expiryMs: config.messageMaxAgeMs,
    // Reconnects make resends; a message that ten of them did not settle will not be settled.
    maxSendsPerReply: 10,
  }
}

export function retentionSettings(config: Config): RetentionSettings {
  return {
    keepCommandsMs: config.messageRetentionMs,
    keepSentMs: config.sentRetentionMs,
    maxSent: config.sentRetentionCount,
    maxSentBytes: config.sentRetentionMb * MB_BYTES,
    intervalMs: HOUR_MS,
  }
}
