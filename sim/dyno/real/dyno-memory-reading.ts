/**
 * What a dyno's real processes use: the exact figure (Pss + SwapPss, by src/memory/dyno-memory.ts) for
 * samples, and a cheap upper bound for looking ten times a second.
 */

import { dynoUsage, statusMemory } from '../../../src/memory/dyno-memory.ts'
import type { MemoryMeasure } from '../../../src/ports/memory-probe.ts'
import { TICKS_PER_SECOND, pageBytes, readProcFile } from './process-table.ts'
import type { ProcessEntry } from './process-table.ts'

export interface DynoReading {
  /** Pss and swap of all processes, or the next best measure. */
  readonly usedBytes: number
  readonly measure: MemoryMeasure
  /** The part of it that is swapped out. */
  readonly swapBytes: number
  /** Anonymous pages and swap of all processes, which no other process moves; undefined where it is not told. */
  readonly anonBytes: number | undefined
  /** RSS and swap of all processes: shared pages count once per process. */
  readonly rssBytes: number
  readonly processes: number
  /** Of all processes since their start. */
  readonly cpuMs: number
  readonly faultPages: number
}

const PAGE_BYTES = pageBytes()

export function readDynoMemory(entries: readonly ProcessEntry[]): DynoReading {
  const texts = entries.map(({ pid }) => ({
    smapsRollup: readProcFile(`/proc/${pid}/smaps_rollup`),
    status: readProcFile(`/proc/${pid}/status`),
  }))
  const usage = dynoUsage(texts) ?? { usedBytes: 0, measure: 'pss' }
  const statuses = texts.flatMap(({ status }) => (status === undefined ? [] : (statusMemory(status) ?? [])))
  const swapBytes = sum(statuses.map((status) => status.swapBytes))
  const anonBytes = statuses.map(({ parts }) => parts?.anonBytes)
  return {
    ...usage,
    swapBytes: Math.min(swapBytes, usage.usedBytes),
    anonBytes: anonBytes.includes(undefined)
      ? undefined
      : sum(anonBytes.map((bytes) => bytes ?? 0)) + swapBytes,
    rssBytes: sum(statuses.map(({ rssBytes }) => rssBytes)) + swapBytes,
    processes: entries.length,
    cpuMs: (sum(entries.map(({ cpuTicks }) => cpuTicks)) * 1_000) / TICKS_PER_SECOND,
    faultPages: sum(entries.map(({ faultPages }) => faultPages)),
  }
}

/** Resident bytes, shared pages counted once per process: never below the exact figure without its swap. */
export function residentBytes(entries: readonly ProcessEntry[]): number {
  return sum(entries.map(({ residentPages }) => residentPages)) * PAGE_BYTES
}

/** Pages of so many bytes. */
export function pagesOf(bytes: number): number {
  return Math.round(bytes / PAGE_BYTES)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
