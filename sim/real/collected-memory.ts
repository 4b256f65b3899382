/**
 * What the processes of a dyno hold after a collection, every two minutes: garbage and its saw-teeth are gone, so what
 * grows here in the long run is a leak. The balloon's agent collects; the memory is read from outside, by process.
 */

import type { BalloonHub } from '../balloon/agent/balloon-hub.ts'
import type { CollectedSample } from '../assertions/measurements.ts'
import { readDynoMemory } from '../dyno/real/dyno-memory-reading.ts'
import { readProcesses } from '../dyno/real/process-table.ts'

export interface CollectedMemoryOptions {
  readonly hub: Pick<BalloonHub, 'agents'>
  /** Ms since the run began. */
  nowMs(): number
}

/** A collection stops a process for about 100 ms: rare enough to disturb nothing, and 30 points an hour. */
export const COLLECT_EVERY_MS = 120_000

export class CollectedMemory {
  readonly #options: CollectedMemoryOptions
  readonly #samples: CollectedSample[] = []
  /** Sets of processes, as text, in the order of their appearance. */
  readonly #lives: string[] = []
  #timer: NodeJS.Timeout | undefined
  #isCollecting = false

  constructor(options: CollectedMemoryOptions) {
    this.#options = options
  }

  get samples(): readonly CollectedSample[] {
    return this.#samples
  }

  start(everyMs = COLLECT_EVERY_MS): void {
    this.#timer = setInterval(() => void this.collect(), everyMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** One sample, unless a process ends meanwhile or one that hangs still owes the last. Never rejects. */
  async collect(): Promise<void> {
    const agents = this.#options.hub.agents()
    if (this.#isCollecting || agents.length === 0) return
    this.#isCollecting = true
    try {
      const reports = await Promise.all(agents.map((agent) => agent.collect()))
      const pids = new Set(agents.map(({ pid }) => pid))
      const { anonBytes } = readDynoMemory(readProcesses().filter(({ pid }) => pids.has(pid)))
      this.#samples.push({
        atMs: this.#options.nowMs(),
        life: this.#lifeOf([...pids].toSorted((a, b) => a - b).join(' ')),
        anonBytes: anonBytes ?? null,
        liveBytes: reports.reduce((sum, { memory }) => sum + memory.heapUsed + memory.external, 0),
      })
    } catch {
      // A process has ended: the next sample is of those that live then.
    } finally {
      this.#isCollecting = false
    }
  }

  #lifeOf(processes: string): number {
    const known = this.#lives.indexOf(processes)
    return known === -1 ? this.#lives.push(processes) - 1 : known
  }
}
