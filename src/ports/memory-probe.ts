/**
 * What the dyno's memory is now, and the one direct way to give some back. The figure that counts is the
 * sum over the dyno's processes, not this process's heap: heapUsed/heapTotal says nothing about a quota.
 */

/** How `usedBytes` was obtained, best first: see src/memory/dyno-memory.ts. */
export type MemoryMeasure = 'pss' | 'rss-anon' | 'rss'

export interface MemorySample {
  /** Memory of all the dyno's processes, as `measure` says. */
  readonly usedBytes: number
  readonly measure: MemoryMeasure
  /** V8's figures of this process; for reports, never for decisions. */
  readonly heapUsedBytes: number
  readonly heapTotalBytes: number
}

export interface MemoryProbe {
  sample(): MemorySample
  /** Runs a full garbage collection; false where that is not possible. */
  collectGarbage(): boolean
}
