/**
 * Reads the memory of the dyno's processes from /proc, synchronously: a sample costs about 0.02 ms a process
 * plus 1 ms for each 100 MB that it holds, and nothing changes while it is taken. What the figures mean is
 * decided by the function it is given (src/memory/dyno-memory.ts). Surprising: a plain `gc()` leaves freed
 * pages with V8 for about 8 s; only a last-resort collection returns them at once (measured on Node 24:
 * 175 MB fell to 162 MB and to 58 MB; 60 ms and 125 ms with 88 MB alive).
 */

import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { MemoryMeasure, MemoryProbe, MemorySample } from '../ports/memory-probe.ts'

/** The text of /proc/<pid>/smaps_rollup and /proc/<pid>/status; undefined where not readable. */
export interface ProcFiles {
  readonly smapsRollup: string | undefined
  readonly status: string | undefined
}

export interface SystemMemoryProbeDeps {
  /** The processes that count. */
  pids(): readonly number[]
  /** What they use; undefined when no figure can be had. */
  usageOf(
    files: readonly ProcFiles[],
  ): { readonly usedBytes: number; readonly measure: MemoryMeasure } | undefined
}

type CollectGarbage = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => unknown

export class SystemMemoryProbe implements MemoryProbe {
  readonly #deps: SystemMemoryProbeDeps
  #gc: CollectGarbage | undefined

  constructor(deps: SystemMemoryProbeDeps) {
    this.#deps = deps
  }

  /** Without /proc: this process's RSS alone. */
  sample(): MemorySample {
    const usage = this.#deps.usageOf(this.#deps.pids().map(readProcFiles))
    const heap = getHeapStatistics()
    return {
      usedBytes: usage?.usedBytes ?? process.memoryUsage.rss(),
      measure: usage?.measure ?? 'rss',
      heapUsedBytes: heap.used_heap_size,
      heapTotalBytes: heap.total_heap_size,
    }
  }

  collectGarbage(): boolean {
    this.#gc ??= exposedGc()
    this.#gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    return this.#gc !== undefined
  }
}

/** What Node and the system know about memory limits; values as they come, traps included. */
export function systemMemoryLimits(): { readonly cgroupLimitBytes: number; readonly totalMemBytes: number } {
  return { cgroupLimitBytes: process.constrainedMemory(), totalMemBytes: totalmem() }
}

/** The two files of one process. */
export function readProcFiles(pid: number): ProcFiles {
  return { smapsRollup: readText(`/proc/${pid}/smaps_rollup`), status: readText(`/proc/${pid}/status`) }
}

/** Undefined for a process that has ended or belongs to another user, and without /proc. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

/**
 * The one of Node's flag --expose-gc, with which the supervisor starts the bot. Without it V8 offers `gc` to
 * contexts made after the flag was set; V8 does not promise that flags may be set so late, hence second.
 */
function exposedGc(): CollectGarbage | undefined {
  if (isCollectGarbage(globalThis.gc)) return globalThis.gc
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('typeof gc === "function" ? gc : undefined')
  return isCollectGarbage(gc) ? gc : undefined
}

function isCollectGarbage(value: unknown): value is CollectGarbage {
  return typeof value === 'function'
}
