/**
 * Heap snapshots, on demand and (when a setting allows it) once an emergency begins. Owns the forecast: taking one
 * needs memory itself, far more than the heap, and must not be what kills the dyno. Where the file goes is the
 * writer's matter. Surprising: what a snapshot took does not come back soon, so the forecast is of what the dyno
 * will hold from then on.
 */

import { errorMessageOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { HeapWriter } from '../ports/heap-writer.ts'
import type { Logger } from '../ports/logger.ts'
import type { MemoryProbe } from '../ports/memory-probe.ts'

const MB = 1_048_576
/**
 * Memory that a snapshot takes, by byte of heap. Measured on Node 24: 4.7 for the bot at idle (22 MB of heap), 6 to
 * 7 for strings, 12 to 15 for small objects, which is what a leak is most often made of.
 */
const EXTRA_BY_HEAP_BYTE = 15
/** The process stands still for 20 to 130 ms a MB: longer than 8 s would look like a hang from outside. */
const MAX_HEAP_BYTES = 64 * MB
/** One at an emergency is enough to look at; the next emergency may be seconds away. */
const EMERGENCY_INTERVAL_MS = 3_600_000

export type SnapshotDecision =
  | { readonly status: 'fits'; readonly forecastBytes: number }
  | { readonly status: 'refused'; readonly reason: string }

export type SnapshotOutcome =
  | {
      readonly status: 'taken'
      readonly path: string
      readonly bytes: number
      readonly durationMs: number
    }
  | { readonly status: 'refused'; readonly reason: string }

/** Whether a snapshot may be taken now; `reason` is for people. */
export function decideSnapshot(memory: {
  readonly usedBytes: number
  readonly heapUsedBytes: number
  readonly quotaBytes: number
}): SnapshotDecision {
  const { usedBytes, heapUsedBytes, quotaBytes } = memory
  const forecastBytes = usedBytes + heapUsedBytes * EXTRA_BY_HEAP_BYTE
  if (heapUsedBytes > MAX_HEAP_BYTES) {
    const reason = `the heap of ${megabytes(heapUsedBytes)} is so large that the bot would stand still too long`
    return { status: 'refused', reason }
  }
  if (forecastBytes <= quotaBytes) return { status: 'fits', forecastBytes }
  const forecast = `the dyno would reach ${megabytes(forecastBytes)} of ${megabytes(quotaBytes)}`
  const now = `it uses ${megabytes(usedBytes)} now, and the heap is ${megabytes(heapUsedBytes)}`
  return { status: 'refused', reason: `${forecast}: ${now}` }
}

export interface HeapSnapshotsDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly probe: MemoryProbe
  /** Undefined where none can be written. */
  readonly writer: HeapWriter | undefined
  readonly settings: { readonly quotaBytes: number; readonly isTakenAtEmergency: boolean }
}

export class HeapSnapshots {
  readonly #deps: HeapSnapshotsDeps
  #lastEmergencyMs = -Infinity

  constructor(deps: HeapSnapshotsDeps) {
    this.#deps = deps
  }

  /** Takes one now, if it fits. Blocks the process; never throws. */
  take(): SnapshotOutcome {
    return this.#take('asked')
  }

  /** To be called when an emergency begins, before anything is given up. */
  emergencyBegan(): void {
    const { clock, settings } = this.#deps
    if (!settings.isTakenAtEmergency) return
    if (clock.monotonicMs() - this.#lastEmergencyMs < EMERGENCY_INTERVAL_MS) return
    this.#lastEmergencyMs = clock.monotonicMs()
    this.#take('emergency')
  }

  #take(why: 'asked' | 'emergency'): SnapshotOutcome {
    const { clock, logger } = this.#deps
    const startedMs = clock.monotonicMs()
    const outcome = this.#write()
    if (outcome.status === 'refused') {
      logger.warn('memory.snapshot-refused', { why, reason: outcome.reason })
      return outcome
    }
    const { path, bytes } = outcome
    const durationMs = Math.round(clock.monotonicMs() - startedMs)
    logger.info('memory.snapshot', { why, bytes, durationMs })
    return { status: 'taken', path, bytes, durationMs }
  }

  #write(): { readonly status: 'written'; readonly path: string; readonly bytes: number } | SnapshotRefusal {
    const { probe, writer, settings } = this.#deps
    if (writer === undefined) return refused('this process cannot write any')
    try {
      const { usedBytes, heapUsedBytes } = probe.sample()
      const decision = decideSnapshot({ usedBytes, heapUsedBytes, quotaBytes: settings.quotaBytes })
      return decision.status === 'refused' ? decision : { status: 'written', ...writer.write() }
    } catch (error) {
      return refused(`it failed: ${errorMessageOf(error)}`)
    }
  }
}

type SnapshotRefusal = Extract<SnapshotOutcome, { status: 'refused' }>

function refused(reason: string): SnapshotRefusal {
  return { status: 'refused', reason }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / MB)} MB`
}
