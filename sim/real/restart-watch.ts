/**
 * From a restart to the first reply, as a person waits for it: from the moment at which the dyno is told to stop, or
 * is gone, until somebody has read an answer over a connection that opened since. Pure: fed with the trace's events.
 */

import type { MeasuredRestart } from '../assertions/measurements.ts'
import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'

interface Restart {
  readonly atMs: number
  readonly boot: string
  hasOpened: boolean
  firstReplyMs: number | null
}

export class RestartWatch {
  readonly #restarts: Restart[] = []
  /** Dynos that were told to stop, or are gone. */
  readonly #ended = new Set<string>()

  get restarts(): MeasuredRestart[] {
    return this.#restarts.map(({ atMs, firstReplyMs }) => ({ atMs, firstReplyMs }))
  }

  observe({ kind, atMs, data }: TraceEvent): void {
    const last = this.#restarts.at(-1)
    if (kind === 'dyno.sigterm' || kind === 'dyno.exited') {
      const boot = textOf(data, 'dynoId')
      // Its exit after SIGTERM is the same restart, also when the next one has begun by then.
      if (!this.#ended.has(boot)) this.#restarts.push({ atMs, boot, hasOpened: false, firstReplyMs: null })
      this.#ended.add(boot)
      return
    }
    if (last === undefined || last.firstReplyMs !== null) return
    // What the old dyno still connects, and what it still answers, is not the new one's.
    if (kind === 'wa.open') last.hasOpened ||= !textOf(data, 'process').startsWith(`${last.boot}/`)
    if (kind === 'wa.sent' && last.hasOpened) last.firstReplyMs = atMs - last.atMs
  }
}
