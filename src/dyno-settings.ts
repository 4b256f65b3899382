/**
 * From the flat configuration to what the supervisor receives. Numbers that no operator should need to turn
 * are here, each with its reason.
 */

import type { Config } from './config.ts'
import { resolveQuotaBytes } from './memory/dyno-memory.ts'
import type { SupervisorSettings } from './supervisor/supervisor-settings.ts'

const SECOND_MS = 1_000
const MB_BYTES = 1_048_576

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
      // The bot itself asks for a fresh process 30 s after 85 % at the latest; above the quota for a minute it does not.
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
 * V8's limit for the bot's old space, MB: the quota. Whatever grows, memory reaches the quota, where the bot is
 * recycled in order at the latest, before V8 gives up: what is not heap takes about 120 MB more. V8 remains the last
 * resort against what grows faster than memory is sampled, at about 130 % of the quota, below Heroku's kill at 200 %.
 * At three quarters of the quota V8 came first: leaks of 5 and 8 MB/s ended in SIGABRT at 92 % of the quota.
 */
export function botHeapMb(config: Config, limits: MachineLimits): number {
  return config.botHeapMb ?? Math.max(64, Math.floor(quotaBytesOf(config, limits) / MB_BYTES))
}
