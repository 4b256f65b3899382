/**
 * What each dyno holds, by the quota's measure, read far more often than Heroku samples and told as `dyno.reading`:
 * the levels are compared by their peaks, and a peak between two samples would be left to chance.
 */

import { readDynoMemory } from '../dyno/real/dyno-memory-reading.ts'
import { readProcesses } from '../dyno/real/process-table.ts'
import type { TraceData } from '../world/trace.ts'
import type { ProcessWatch } from './process-watch.ts'

export interface MemoryReadingsOptions {
  readonly processes: Pick<ProcessWatch, 'boots' | 'pidsOf'>
  readonly everyMs: number
  record(source: string, kind: string, data: TraceData): void
}

export class MemoryReadings {
  readonly #options: MemoryReadingsOptions
  readonly #timer: NodeJS.Timeout

  /** Begins at once. */
  constructor(options: MemoryReadingsOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.read(), options.everyMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** One reading of each dyno that has a process. */
  read(): void {
    const { processes } = this.#options
    for (const boot of processes.boots) {
      const pids = new Set(processes.pidsOf(boot))
      if (pids.size === 0) continue
      const { usedBytes } = readDynoMemory(readProcesses().filter(({ pid }) => pids.has(pid)))
      this.#options.record('dyno', 'dyno.reading', { dynoId: `web.1#${boot}`, usedBytes })
    }
  }
}
