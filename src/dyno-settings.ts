/**
 * From the flat configuration to what the supervisor receives. Numbers that no operator should need to turn
 * are here, each with its reason.
 */

import type { Config } from './config.ts'
import { resolveQuotaBytes } from './memory/dyno-memory.ts'
import type { SupervisorSettings } from './supervisor/supervisor-settings.ts'

const SECOND_MS = 1_000
const MB_BYTES = 1_048_576
/** Of the quota, for the heap: see botHeapMb. */
const HEAP_SHARE = 0.75

export interface MachineLimits {
  /** Memory limit as the container tells it, bytes; undefined where it does not. */
  readonly containerLimitBytes: number | undefined
  /** Memory of the whole machine, bytes: what a sane limit stays below. */
  readonly totalMemoryBytes: number
}

export function quotaBytesOf(config: Config, limits: MachineLimits): number {
  return resolveQuotaBytes({
    settingMb: config.memoryQuotaMb,
    memoryAvailableMb: config.memoryAvailableMb,
    cgroupLimitBytes: limits.containerLimitBytes,
    totalMemBytes: limits.totalMemoryBytes,
  })
}

export function supervisorSettings(config: Config, limits: MachineLimits): SupervisorSettings {
  return {
    watchdog: {
      lookIntervalMs: Math.max(50, Math.round(config.botStallMs / 6)),
      stallMs: config.botStallMs,
      // With a tenth of a CPU everything takes ten times as long; killing it would only make it start again.
      starvedStallMs: config.botStallMs * 10,
    },
    restart: {
      quickDelayMs: SECOND_MS / 2,
      law: { baseMs: config.botRestartBackoffBaseMs, capMs: config.botRestartBackoffCapMs },
      stableUptimeMs: 120 * SECOND_MS,
      windowMs: config.botRestartWindowMs,
      maxStartsPerWindow: config.botStartsPerWindow,
    },
    memory: {
      isEnabled: config.isMemoryOptimizationEnabled,
      quotaBytes: quotaBytesOf(config, limits),
      // The bot itself asks for a fresh process 30 s after 85 %; above the quota for a minute it does not.
      recyclePercent: 110,
      patienceMs: 60 * SECOND_MS,
      killPercent: 150,
    },
    memoryIntervalMs: config.memorySampleIntervalMs,
    // The bot keeps to STOP_TIMEOUT_MS by itself; the rest is for its last breath.
    endTimeoutMs: config.stopTimeoutMs + 2 * SECOND_MS,
    // SIGKILL takes milliseconds, unless the kernel holds the process.
    killTimeoutMs: 30 * SECOND_MS,
    answerTimeoutMs: 60 * SECOND_MS,
  }
}

/**
 * V8's limit for the bot's old space, MB. Three quarters of the quota: 384 of 512. What is not heap takes about 90
 * more, supervisor included, so the emergency at 85 % comes when the heap holds 345, and the memory manager acts
 * before V8 gives up. At half of the quota V8 came first: a leak of 5 MB/s ended in SIGABRT at 64 % of the quota.
 */
export function botHeapMb(config: Config, limits: MachineLimits): number {
  return config.botHeapMb ?? Math.max(64, Math.floor((quotaBytesOf(config, limits) / MB_BYTES) * HEAP_SHARE))
}
