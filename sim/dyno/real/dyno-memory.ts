/** What one boot's memory leads to: samples as events, R14 and R15 lines, the metrics, and kills. */

import type { PrngStream } from '../../world/prng.ts'
import { judgeMemory, memoryFigures } from '../memory-verdict.ts'
import type { MemoryVerdict } from '../memory-verdict.ts'
import type { DynoSite } from './dyno-site.ts'
import { pagesOf, readDynoMemory } from './dyno-memory-reading.ts'
import type { DynoReading } from './dyno-memory-reading.ts'
import { signalQuietly } from './dyno-processes.ts'
import type { DynoProcesses } from './dyno-processes.ts'
import { ERROR_LINES, memoryLine } from './log-line.ts'
import { MemoryWatch } from './memory-watch.ts'
import type { ProcessEntry } from './process-table.ts'
import { loadLine, memoryMetricsLine, metricsSource, nextLoadAverages } from './runtime-metrics.ts'
import type { LoadAverages } from './runtime-metrics.ts'

export interface DynoMemoryOptions {
  readonly site: DynoSite
  readonly processes: DynoProcesses
  readonly bootNumber: number
  readonly dynoUuid: string
  readonly stream: PrngStream
  /** The dyno is to be killed. */
  onR15(): void
}

/** Heroku numbers apps; any number will do here. */
const APP_ID = '100000000'

export class DynoMemory {
  readonly #options: DynoMemoryOptions
  readonly #watch: MemoryWatch
  #last: { readonly atMs: number; readonly cpuMs: number } = { atMs: performance.now(), cpuMs: 0 }
  #load: LoadAverages | undefined
  #isOver = false

  constructor(options: DynoMemoryOptions) {
    this.#options = options
    const { site, stream, processes } = options
    this.#watch = new MemoryWatch({
      rules: site.rules,
      model: site.memoryModel,
      stream,
      processes,
      onSample: (reading) => this.#sampled(reading),
      onLimit: (reading, largest) => this.#limitPassed(reading, largest),
    })
  }

  start(): void {
    this.#watch.start()
  }

  stop(): void {
    this.#isOver = true
    this.#watch.stop()
  }

  /** The kernel itself has killed a process at the container's limit: what is used now is less than it was. */
  limitEnforced(): void {
    if (this.#isOver) return
    const { site, processes, bootNumber } = this.#options
    const usedBytes = memoryLimitBytes(site)
    const reading = { ...readDynoMemory(processes.living()), usedBytes }
    if (site.memoryModel === 'heroku') {
      this.#report(reading, 'r15', false)
      this.#r15()
      return
    }
    this.#report(reading, 'fine', false)
    site.log('heroku-sim', 'Hard limit of memory passed: the kernel killed a process of the dyno')
    site.emit({ kind: 'oom-kill', boot: bootNumber, pid: undefined, usedBytes })
  }

  #sampled(reading: DynoReading): void {
    const { site } = this.#options
    // A hard limit knows neither R14 nor R15.
    const verdict = site.memoryModel === 'cgroup' ? 'fine' : judgeMemory(site.rules, useOf(reading))
    this.#report(reading, verdict, true)
    if (site.hasRuntimeMetrics) this.#metrics(reading)
    if (verdict === 'r14') site.log('heroku', ERROR_LINES.r14)
    if (verdict === 'r15') this.#r15()
  }

  #limitPassed(reading: DynoReading, largest: ProcessEntry): void {
    const { site, bootNumber } = this.#options
    if (this.#isOver) return
    if (site.memoryModel === 'heroku') {
      this.#report(reading, 'r15', false)
      this.#r15()
      return
    }
    this.#report(reading, 'fine', false)
    const { memoryMb } = memoryFigures(site.rules, useOf(reading))
    if (!signalQuietly(largest.pid, 'SIGKILL')) return
    site.log(
      'heroku-sim',
      `Hard limit of memory passed with ${memoryMb}M: SIGKILL to process ${largest.pid}, the largest`,
    )
    site.emit({ kind: 'oom-kill', boot: bootNumber, pid: largest.pid, usedBytes: reading.usedBytes })
  }

  #r15(): void {
    this.stop()
    this.#options.site.log('heroku', ERROR_LINES.r15)
    this.#options.onR15()
  }

  #report(reading: DynoReading, verdict: MemoryVerdict, isScheduled: boolean): void {
    const { site, bootNumber: boot } = this.#options
    const { usedBytes, measure, anonBytes, rssBytes, processes } = reading
    const figures = memoryFigures(site.rules, useOf(reading))
    const measured = { usedBytes, measure, anonBytes, rssBytes, processes }
    site.emit({ kind: 'sample', boot, ...figures, ...measured, verdict, isScheduled })
    if (verdict !== 'fine') site.log('heroku', memoryLine(figures))
  }

  #metrics(reading: DynoReading): void {
    const { site, dynoUuid } = this.#options
    const atMs = performance.now()
    const elapsedMs = Math.max(1, atMs - this.#last.atMs)
    // Processes that have ended take their CPU time with them.
    const busyTasks = Math.max(0, reading.cpuMs - this.#last.cpuMs) / elapsedMs
    this.#load = nextLoadAverages(this.#load, busyTasks, elapsedMs)
    this.#last = { atMs, cpuMs: reading.cpuMs }
    const source = metricsSource(APP_ID, dynoUuid)
    site.log('heroku', loadLine(source, this.#load))
    site.log(
      'heroku',
      memoryMetricsLine(source, {
        totalBytes: reading.usedBytes,
        quotaBytes: site.rules.quotaBytes,
        pagesIn: reading.faultPages,
        pagesOut: Math.max(0, reading.faultPages - pagesOf(reading.usedBytes)),
      }),
    )
  }
}

/** What a container is held to: Heroku's ceiling, or the quota itself on hosts with a hard limit. */
export function memoryLimitBytes({ memoryModel, rules }: Pick<DynoSite, 'memoryModel' | 'rules'>): number {
  return Math.floor(rules.quotaBytes * (memoryModel === 'cgroup' ? 1 : rules.ceilingRatio))
}

function useOf(reading: DynoReading): { readonly rssAndSwap: number; readonly cache: number } {
  return { rssAndSwap: reading.usedBytes, cache: 0 }
}
