/** The trace of a run in real time: events are stamped when they are seen, so their order is that of seeing. */

import { Trace } from '../world/trace.ts'
import type { TraceData, TraceEvent, TraceListener } from '../world/trace.ts'

export class RealTrace {
  readonly #trace: Trace
  #startedMs = performance.now()

  /** @param keepLines how many of the last lines stay readable */
  constructor(keepLines: number) {
    this.#trace = new Trace(keepLines)
  }

  /** The run begins now. */
  begin(): void {
    this.#startedMs = performance.now()
  }

  /** Whole ms since the run began. */
  get nowMs(): number {
    return Math.round(performance.now() - this.#startedMs)
  }

  get count(): number {
    return this.#trace.count
  }

  listen(listener: TraceListener): void {
    this.#trace.listen(listener)
  }

  record(source: string, kind: string, data: TraceData): void {
    const event: TraceEvent = { atMs: this.nowMs, source, kind, data }
    this.#trace.record(event)
  }

  lines(): readonly string[] {
    return this.#trace.lines()
  }
}
