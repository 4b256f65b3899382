/**
 * Life over time: nothing piles up, and nothing happens without a cause. Leaks are judged by what a process
 * still holds at marks along the run and at its end; a quiet night by what the server and the dyno saw.
 */

import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'
import { Checker } from './checker.ts'
import { answeredToken, commandToken } from './message-checker.ts'

/** A sound bot holds a handful of timers of one kind; more than this piles up. */
const MAX_TIMERS_PER_LABEL = 64
const MAX_TIMERS = 256
/** Ended sockets whose transport is not gone yet, as in a black hole, and the present one. */
const MAX_SOCKETS = 8

/** Timers of one kind, timers in all, and sockets of a process stay bounded however long it runs. */
export class NoLeaksChecker extends Checker {
  readonly #sockets = new Map<string, number>()

  constructor() {
    super('no-leaks')
  }

  observe({ atMs, source, kind, data }: TraceEvent): void {
    if (kind === 'wa.connect') this.#countSocket(textOf(data, 'process'), 1)
    if (kind === 'wa.close') this.#countSocket(textOf(data, 'process'), -1)
    if (kind !== 'process.timers') return
    const most = Number(data['mostOfOneLabel'])
    if (most > MAX_TIMERS_PER_LABEL)
      this.broken(atMs, `${source} holds ${most} timers "${textOf(data, 'label')}"`)
    const all = Number(data['timers'])
    if (all > MAX_TIMERS) this.broken(atMs, `${source} holds ${all} timers`)
    const sockets = this.#sockets.get(source) ?? 0
    if (sockets > MAX_SOCKETS) this.broken(atMs, `${source} holds ${sockets} sockets`)
  }

  #countSocket(process: string, change: 1 | -1): void {
    this.#sockets.set(process, (this.#sockets.get(process) ?? 0) + change)
  }
}

/** No reconnect, no restart and no message without a cause. */
export class UndisturbedChecker extends Checker {
  #connects = 0
  readonly #asked = new Set<string>()

  constructor() {
    super('undisturbed')
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    switch (kind) {
      case 'wa.queued': {
        const token = commandToken(textOf(data, 'text'))
        if (token !== undefined) this.#asked.add(token)
        break
      }
      case 'wa.connect':
        this.#connects += 1
        if (this.#connects > 1)
          this.broken(atMs, `connects again (${this.#connects} times) though nothing was wrong`)
        break
      case 'dyno.exited':
      case 'process.exited':
        this.broken(atMs, `a process ended: ${JSON.stringify(data)}`)
        break
      case 'wa.sent':
        if (!this.#asked.has(answeredToken(textOf(data, 'text')) ?? ''))
          this.broken(atMs, `a message that nobody asked for: ${textOf(data, 'text')}`)
        break
      default:
    }
  }
}
