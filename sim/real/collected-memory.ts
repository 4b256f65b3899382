/**
 * What the processes of a dyno hold after a collection, every two minutes: garbage and its saw-teeth are gone, so what
 * grows here in the long run is a leak. The balloon's agent collects; the memory is read from outside, by process.
 */

import type { BalloonHub } from '../balloon/agent/balloon-hub.ts'
import type { CollectedSample } from '../assertions/measurements.ts'
import { statusMemory } from '../../src/memory/dyno-memory.ts'
import { readProcFile } from '../dyno/real/process-table.ts'

export interface CollectedMemoryOptions {
  readonly hub: Pick<BalloonHub, 'agents'>
  /** Ms since the run began. */
  nowMs(): number
}

/** A collection stops a process for about 100 ms: rare enough to disturb nothing, and 30 points an hour. */
export const COLLECT_EVERY_MS = 120_000

/** What one collection leaves differs by 2 MB, by what V8 and malloc hold back; the least of three by 0.5 MB. */
const ROUNDS = 3

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
      const pids = agents.map(({ pid }) => pid).toSorted((a, b) => a - b)
      const readings: { readonly anonBytes: number | undefined; readonly liveBytes: number }[] = []
      for (let round = 0; round < ROUNDS; round += 1) {
        const reports = await Promise.all(agents.map((agent) => agent.collect()))
        readings.push({
          anonBytes: anonBytesOf(pids),
          liveBytes: reports.reduce((sum, { memory }) => sum + memory.heapUsed + memory.external, 0),
        })
      }
      this.#samples.push({
        atMs: this.#options.nowMs(),
        life: this.#lifeOf(pids.join(' ')),
        anonBytes: least(readings.map(({ anonBytes }) => anonBytes)) ?? null,
        liveBytes: least(readings.map(({ liveBytes }) => liveBytes)) ?? 0,
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

/** Undefined where the system does not tell it of one of them. */
function anonBytesOf(pids: readonly number[]): number | undefined {
  const each = pids.map((pid) => {
    const status = statusMemory(readProcFile(`/proc/${pid}/status`) ?? '')
    return status?.parts === undefined ? undefined : status.parts.anonBytes + status.swapBytes
  })
  return each.includes(undefined) ? undefined : each.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0)
}

/** Undefined when there is none, or one of them is not told. */
function least(values: readonly (number | undefined)[]): number | undefined {
  return values.includes(undefined) || values.length === 0
    ? undefined
    : Math.min(...values.map((value) => value ?? Infinity))
}
