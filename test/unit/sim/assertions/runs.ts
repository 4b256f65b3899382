/** Measurements for tests: a harmless run of an hour, of which a test changes what matters to it. */

import type {
  CollectedSample,
  MeasuredDyno,
  Measurements,
  MemorySample,
} from '../../../../sim/assertions/measurements.ts'

export const MB = 1_048_576
export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS

export function aRun(changes: Partial<Measurements> = {}): Measurements {
  return {
    scenario: 'disconnect-storm/refused-503-storm',
    target: 'bot',
    level: 'real',
    seed: 1,
    durationMs: HOUR_MS,
    connections: [{ openedAtMs: 0, loggedInAtMs: 100, closedAtMs: null }],
    qrScans: 0,
    replies: { asked: 4, answered: 4, doubled: 0, latenciesMs: [10, 20, 30, 40], unreadable: 0 },
    dyno: aDyno(),
    ...changes,
  }
}

export function aDyno(changes: Partial<MeasuredDyno> = {}): MeasuredDyno {
  return {
    quotaBytes: 512 * MB,
    samples: [aSample(0, 100)],
    collected: [],
    r10: 0,
    r12: 0,
    r14: 0,
    r15: 0,
    kills: 0,
    exits: [],
    ...changes,
  }
}

export function aSample(atMs: number, usedMb: number, boot = 1): MemorySample {
  return { atMs, boot, usedBytes: usedMb * MB, anonBytes: null, rssBytes: null }
}

/** The nth of a series with one every two minutes. */
export function aCollected(index: number, anonMb: number, life = 0): CollectedSample {
  return { atMs: index * 2 * MINUTE_MS, life, anonBytes: anonMb * MB, liveBytes: anonMb * MB }
}
