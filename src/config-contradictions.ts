/**
 * Settings that are each in range and make no sense together. Every rule names the settings it needs and
 * is skipped when one of them could not be read, so that one mistake is not reported as two.
 */

import { SETTINGS } from './config-settings.ts'
import type { Config, ConfigProblem } from './config.ts'

type Key = keyof Config

interface Rule<K extends Key> {
  /** The first one is named as the problem's setting. */
  readonly keys: readonly [K, ...K[]]
  isBroken(values: Pick<Config, K>): boolean
  readonly problem: string
  readonly remedy: string
}

const RULES = [
  rule({
    keys: ['memoryCleanupPercent', 'memoryEmergencyPercent'],
    isBroken: (v) => v.memoryCleanupPercent >= v.memoryEmergencyPercent,
    problem: 'is not below MEMORY_EMERGENCY_THRESHOLD: cleaning up would come too late',
    remedy: 'Set it below MEMORY_EMERGENCY_THRESHOLD, by 10 or more.',
  }),
  rule({
    keys: ['reconnectBackoffBaseMs', 'reconnectBackoffCapMs'],
    isBroken: (v) => v.reconnectBackoffBaseMs > v.reconnectBackoffCapMs,
    problem: 'is above RECONNECT_BACKOFF_CAP_MS: the first wait would exceed the longest',
    remedy: 'Set it to RECONNECT_BACKOFF_CAP_MS at most.',
  }),
  rule({
    keys: ['reconnectProbeIntervalMs', 'reconnectBackoffCapMs'],
    isBroken: (v) => v.reconnectProbeIntervalMs < v.reconnectBackoffCapMs,
    problem: 'is below RECONNECT_BACKOFF_CAP_MS: slow probing would be quicker than quick attempts',
    remedy: 'Set it to RECONNECT_BACKOFF_CAP_MS at least.',
  }),
  rule({
    keys: ['reconnectStableUptimeMs', 'reconnectWindowMs', 'reconnectMaxAttemptsPerWindow'],
    isBroken: (v) => v.reconnectStableUptimeMs * v.reconnectMaxAttemptsPerWindow < v.reconnectWindowMs,
    problem: 'is so short that a connection which breaks just after it would use up the attempts of a window',
    remedy: 'Set it to RECONNECT_WINDOW_MS / RECONNECT_MAX_ATTEMPTS_PER_WINDOW at least.',
  }),
  rule({
    keys: ['heartbeatIntervalMs', 'botStallMs'],
    isBroken: (v) => v.heartbeatIntervalMs * 3 > v.botStallMs,
    problem: 'leaves no room for a heartbeat that is late: three of it exceed BOT_STALL_MS',
    remedy: 'Set it to a sixth of BOT_STALL_MS.',
  }),
  rule({
    keys: ['botRestartBackoffBaseMs', 'botRestartBackoffCapMs'],
    isBroken: (v) => v.botRestartBackoffBaseMs > v.botRestartBackoffCapMs,
    problem: 'is above BOT_RESTART_BACKOFF_CAP_MS: the first wait would exceed the longest',
    remedy: 'Set it to BOT_RESTART_BACKOFF_CAP_MS at most.',
  }),
  rule({
    keys: ['leaseMarginMs', 'leaseDurationMs'],
    isBroken: (v) => v.leaseMarginMs >= v.leaseDurationMs,
    problem: 'is not below LEASE_DURATION_MS: no lease would ever be good for a socket',
    remedy: 'Set it to a quarter of LEASE_DURATION_MS.',
  }),
  rule({
    keys: ['leaseRenewIntervalMs', 'leaseDurationMs', 'leaseMarginMs'],
    isBroken: (v) =>
      v.leaseMarginMs < v.leaseDurationMs && v.leaseRenewIntervalMs * 2 > v.leaseDurationMs - v.leaseMarginMs,
    problem:
      'leaves no room for a renewal that fails: twice of it exceeds LEASE_DURATION_MS - LEASE_MARGIN_MS',
    remedy: 'Set it to a third of LEASE_DURATION_MS.',
  }),
  rule({
    keys: ['leasePollIntervalMs', 'leaseDurationMs'],
    isBroken: (v) => v.leasePollIntervalMs >= v.leaseDurationMs,
    problem: 'is not below LEASE_DURATION_MS: a dead holder would be noticed late',
    remedy: 'Set it to a fifth of LEASE_DURATION_MS or less.',
  }),
  rule({
    keys: ['messageRetentionMs', 'messageMaxAgeMs'],
    isBroken: (v) => v.messageRetentionMs < v.messageMaxAgeMs,
    problem: 'is below MESSAGE_MAX_AGE_MS: a forgotten command would be answered a second time',
    remedy: 'Set it to MESSAGE_MAX_AGE_MS at least.',
  }),
  rule({
    keys: ['sessionImport', 'sessionPassphrase'],
    isBroken: (v) => v.sessionImport !== undefined && v.sessionPassphrase === undefined,
    problem: 'is set without SESSION_PASSPHRASE: it cannot be opened',
    remedy: 'Set SESSION_PASSPHRASE to the passphrase of the export, or leave this out.',
  }),
  rule({
    keys: ['sessionEncryptionKeyPrevious', 'sessionEncryptionKey'],
    isBroken: (v) => v.sessionEncryptionKeyPrevious !== undefined && v.sessionEncryptionKey === undefined,
    problem:
      'is set without SESSION_ENCRYPTION_KEY: rows would be sealed under the key that is on its way out',
    remedy: 'Set SESSION_ENCRYPTION_KEY to the new key; if there is none, move this one there.',
  }),
  rule({
    keys: ['sessionEncryptionKeyPrevious', 'sessionEncryptionKey'],
    isBroken: (v) =>
      v.sessionEncryptionKeyPrevious !== undefined &&
      v.sessionEncryptionKeyPrevious.join() === v.sessionEncryptionKey?.join(),
    problem: 'is the same key as SESSION_ENCRYPTION_KEY',
    remedy: 'Leave it out, or set it to the key before.',
  }),
]

/** @param values what could be read, by the name that the code uses. */
export function findContradictions(values: object): ConfigProblem[] {
  return RULES.flatMap((checked) => checked(values))
}

/** The rule as a check of whatever could be read; it sees those settings only which it names. */
function rule<const K extends Key>(spec: Rule<K>): (values: object) => ConfigProblem[] {
  return (values) => {
    if (!hasKeys(values, spec.keys) || !spec.isBroken(values)) return []
    return [{ setting: SETTINGS[spec.keys[0]].facts.name, problem: spec.problem, remedy: spec.remedy }]
  }
}

function hasKeys<K extends Key>(values: object, keys: readonly K[]): values is Pick<Config, K> {
  return keys.every((key) => key in values)
}
