/**
 * One direction of one connection: bytes go in, and come out in order after the latency, at the bandwidth,
 * and not while there is a black hole. What waits here is bounded: the source is paused above 1 MB.
 */

import type { Socket } from 'node:net'
import type { Random } from '../../../src/ports/random.ts'
import type { ActiveFaults } from './active-faults.ts'

export interface LaneOptions {
  readonly faults: ActiveFaults
  readonly random: Random
  /** Where the bytes come from; paused while too many wait. */
  readonly source: Socket
  /** By which faults count connections. */
  readonly connection: object
  deliver(bytes: Buffer): void
}

interface Waiting {
  readonly dueMs: number
  readonly bytes: Buffer | undefined
  readonly action: (() => void) | undefined
}

const MAX_WAITING_BYTES = 1_048_576
/** Slices of what bandwidth limits: about 20 a second. */
const SLICES_PER_SECOND = 20

export class Lane {
  readonly #options: LaneOptions
  #queue: Waiting[] = []
  #waitingBytes = 0
  /** When the line is free again. */
  #freeAtMs = 0
  #lastDueMs = 0
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: LaneOptions) {
    this.#options = options
  }

  push(bytes: Buffer): void {
    const bytesPerSecond = this.#bytesPerSecond()
    const sliceBytes =
      bytesPerSecond === Infinity ? bytes.length : Math.ceil(bytesPerSecond / SLICES_PER_SECOND)
    for (let at = 0; at < bytes.length; at += sliceBytes) {
      const slice = bytes.subarray(at, at + sliceBytes)
      this.#enqueue(slice, undefined, (slice.length / bytesPerSecond) * 1_000)
    }
  }

  /** Does something when everything before it has been delivered. */
  afterwards(action: () => void): void {
    this.#enqueue(undefined, action, 0)
  }

  /** A fault was lifted: what it held back may go. */
  wake(): void {
    this.#run()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#queue = []
  }

  #enqueue(bytes: Buffer | undefined, action: (() => void) | undefined, durationMs: number): void {
    if (this.#isClosed) return
    const nowMs = performance.now()
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + durationMs
    this.#lastDueMs = Math.max(this.#lastDueMs, this.#freeAtMs + this.#delayMs())
    this.#queue.push({ dueMs: this.#lastDueMs, bytes, action })
    this.#waitingBytes += bytes?.length ?? 0
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#options.source.pause()
    this.#run()
  }

  #run(): void {
    clearTimeout(this.#timer)
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const { faults, connection, source } = this.#options
      const hole = faults.first('black-hole')
      if (hole !== undefined) {
        if (next.bytes !== undefined) hole.strikeOnce(connection)
        return
      }
      const leftMs = next.dueMs - performance.now()
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.#run(), leftMs)
        return
      }
      this.#queue.shift()
      this.#waitingBytes -= next.bytes?.length ?? 0
      if (this.#waitingBytes <= MAX_WAITING_BYTES) source.resume()
      if (next.bytes !== undefined) this.#options.deliver(next.bytes)
      next.action?.()
    }
  }

  #delayMs(): number {
    const { faults, random } = this.#options
    let totalMs = 0
    for (const active of faults.of('latency')) {
      active.strike()
      totalMs += active.fault.delayMs + random.next() * active.fault.jitterMs
    }
    return totalMs
  }

  #bytesPerSecond(): number {
    const limits = this.#options.faults.of('bandwidth')
    for (const active of limits) active.strike()
    return Math.min(Infinity, ...limits.map(({ fault }) => fault.bytesPerSecond))
  }
}
