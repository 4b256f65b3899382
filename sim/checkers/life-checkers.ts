/**
 * Life over time: nothing piles up, and nothing happens without a cause. Leaks are judged by what a process
 * still holds at marks along the run and at its end; a quiet night by what the server and the dyno saw.
 */

import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'
import { Checker } from './checker.ts'

/** A sound bot holds a handful of timers of one kind; more than this piles up. */
const MAX_TIMERS_PER_LABEL = 64
const MAX_TIMERS = 256

/** Timers of one kind, and timers in all, stay bounded however long it runs. */
export class NoLeaksChecker extends Checker {
  constructor() {
    super('no-leaks')
  }

  observe({ atMs, source, kind, data }: TraceEvent): void {
    if (kind !== 'process.timers') return
    const most = Number(data['mostOfOneLabel'])
    if (most > MAX_TIMERS_PER_LABEL)
      this.broken(atMs, `${source} holds ${most} timers "${textOf(data, 'label')}"`)
    const all = Number(data['timers'])
    if (all > MAX_TIMERS) this.broken(atMs, `${source} holds ${all} timers`)
  }
}

/** No reconnect, no restart and no message without a cause. */
export class UndisturbedChecker extends Checker {
  #opens = 0
  #commands = 0
  readonly #sent = new Set<string>()

  constructor() {
    super('undisturbed')
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    if (kind === 'wa.queued') this.#commands += 1
    if (kind === 'wa.open') {
      this.#opens += 1
      if (this.#opens > 1)
        this.broken(atMs, `connected again (${this.#opens} times) though nothing was wrong`)
    }
    if (kind === 'dyno.exited' || kind === 'process.exited')
      this.broken(atMs, `a process ended: ${JSON.stringify(data)}`)
    if (kind === 'wa.sent') {
      this.#sent.add(textOf(data, 'id'))
      if (this.#sent.size > this.#commands)
        this.broken(atMs, `a message that nobody asked for: ${textOf(data, 'text')}`)
    }
  }
}
