/** Observations whose every field is harmless, for tests that change the one that matters. */

import type { Observation } from '../../../../sim/conform/observation.ts'

export function anObservation(changes: Partial<Observation> = {}): Observation {
  return {
    scenario: 'disconnect-storm/some',
    version: '0',
    level: 'real',
    seed: 1,
    verdict: 'holds',
    broken: [],
    events: [],
    cleanups: [],
    memory: { peakMb: null, restMb: null },
    loadPerCore: null,
    ...changes,
  }
}

export function withPeaks(level: Observation['level'], peaksMb: readonly number[]): Observation[] {
  return peaksMb.map((peakMb, index) =>
    anObservation({ level, seed: index + 1, memory: { peakMb, restMb: null } }),
  )
}
