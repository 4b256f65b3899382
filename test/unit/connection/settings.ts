/** The settings of production, for tests to change one of, and chance that is always the same. */

import type { ConnectionSettings } from '../../../src/connection/connection-settings.ts'
import type { Random } from '../../../src/ports/random.ts'

export const SETTINGS: ConnectionSettings = {
  backoff: { baseMs: 2_000, capMs: 300_000 },
  conflictBackoff: { baseMs: 30_000, capMs: 600_000 },
  versionBackoff: { baseMs: 60_000, capMs: 1_800_000 },
  stableUptimeMs: 120_000,
  maxRetries: 15,
  probeIntervalMs: 900_000,
  connectTimeoutMs: 45_000,
  endTimeoutMs: 10_000,
  checkIntervalMs: 60_000,
  pingTimeoutMs: 15_000,
  quietMs: 1_800_000,
  ackTimeoutMs: 60_000,
  probeTimeoutMs: 30_000,
  phoneAnswerMs: 30_000,
  minDeafProbeIntervalMs: 1_800_000,
}

/** Always the middle: a delay is three quarters of its envelope. */
export const MIDDLE: Random = { next: () => 0.5 }

/** Mulberry32: small, good enough for tests of a distribution, the same on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return {
    next: () => {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    },
  }
}
