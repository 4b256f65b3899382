/**
 * Watches one dyno's memory in real time: a sample about every 20 s, out of step with the boot, and a look
 * at the hard limit ten times a second in between. What a figure means is decided by memory-verdict.ts; the
 * `cgroup` model stands for hosts that allow no swap: above the quota the largest process is killed at once.
 */

import { drawFirstSampleMs, drawSampleGapMs } from '../dyno-draws.ts'
import { isCeilingReached } from '../memory-verdict.ts'
import type { PrngStream } from '../../world/prng.ts'
import { readDynoMemory, residentBytes } from './dyno-memory-reading.ts'
import type { DynoReading } from './dyno-memory-reading.ts'
import type { DynoProcesses } from './dyno-processes.ts'
import type { ProcessEntry } from './process-table.ts'
import type { RealRules } from './real-rules.ts'

export const MEMORY_MODELS = ['heroku', 'cgroup'] as const
export type MemoryModel = (typeof MEMORY_MODELS)[number]

export interface MemoryWatchOptions {
  readonly rules: RealRules
  readonly model: MemoryModel
  readonly stream: PrngStream
  readonly processes: DynoProcesses
  onSample(reading: DynoReading): void
  /** The hard limit was passed; `largest` holds most of it. Called again at each look while it is. */
  onLimit(reading: DynoReading, largest: ProcessEntry): void
}

export class MemoryWatch {
  readonly #options: MemoryWatchOptions
  #sampleTimer: NodeJS.Timeout | undefined
  #limitTimer: NodeJS.Timeout | undefined
  #swapBytes = 0

  constructor(options: MemoryWatchOptions) {
    this.#options = options
  }

  start(): void {
    const { rules, stream } = this.#options
    this.#limitTimer = setInterval(() => this.#look(), rules.ceilingPollMs)
    this.#sampleAfter(drawFirstSampleMs(rules, stream))
  }

  stop(): void {
    clearTimeout(this.#sampleTimer)
    clearInterval(this.#limitTimer)
    this.#sampleTimer = undefined
    this.#limitTimer = undefined
  }

  #sampleAfter(delayMs: number): void {
    const { rules, stream, processes } = this.#options
    this.#sampleTimer = setTimeout(() => {
      const reading = readDynoMemory(processes.living())
      this.#swapBytes = reading.swapBytes
      this.#options.onSample(reading)
      if (this.#sampleTimer !== undefined) this.#sampleAfter(drawSampleGapMs(rules, stream))
    }, delayMs)
  }

  /** Reads the exact figure only when the cheap one, which is never smaller, passes the limit. */
  #look(): void {
    const { processes } = this.#options
    const living = processes.living()
    if (!this.#isLimitPassed(residentBytes(living) + this.#swapBytes)) return
    const reading = readDynoMemory(living)
    if (!this.#isLimitPassed(reading.usedBytes)) return
    const largest = living.toSorted((a, b) => b.residentPages - a.residentPages)[0]
    if (largest !== undefined) this.#options.onLimit(reading, largest)
  }

  #isLimitPassed(usedBytes: number): boolean {
    const { rules, model } = this.#options
    const use = { rssAndSwap: usedBytes, cache: 0 }
    return model === 'cgroup' ? usedBytes > rules.quotaBytes : isCeilingReached(rules, use)
  }
}
