/**
 * Whether the bot watches over its phone: what reached it of the phone is in the trace, and what it said of it in its
 * log. Surprising: the silence begins with the first connection at the latest, for a bot that has heard nothing yet
 * cannot know more.
 */

import type { TraceEvent } from '../world/trace.ts'
import { Checker } from './checker.ts'
import type { CheckerContext } from './checker.ts'

const HOUR_MS = 3_600_000
/** Signs wait on the server while a dyno is replaced, the phone is asked first, and both are done every ten minutes. */
const GRACE_MS = 2 * HOUR_MS
/** Signs are written down once an hour, so a new process may count from an hour earlier. */
const KEPT_TO_MS = HOUR_MS

export class PhoneWatchedChecker extends Checker {
  readonly #limitMs: number
  /** What the clocks of two dynos may differ by; WhatsApp's stamps are whole seconds. */
  readonly #clocksMs: number
  /** Undefined before the first connection. */
  #lastSignMs: number | undefined
  #warnedAtMs: number | undefined
  /** When the sign came that the owner is to be told of. */
  #backAtMs: number | undefined

  constructor({ phoneUnseenMs, maxSkewMs }: CheckerContext) {
    super('phone-watched')
    this.#limitMs = phoneUnseenMs ?? Infinity
    this.#clocksMs = 2 * maxSkewMs + 1_000
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    switch (kind) {
      case 'wa.open':
        this.#lastSignMs ??= atMs
        break
      case 'wa.phone-seen':
        this.#seen(atMs, Number(data['saidAtMs']))
        break
      case 'log.phone.unseen':
        this.#judgeWarning(atMs)
        break
      case 'log.phone.seen-again':
        if (this.#backAtMs === undefined) this.broken(atMs, 'the phone is said to be back and was not away')
        this.#backAtMs = undefined
        break
      default:
        return
    }
    this.#judgeReturn(atMs)
  }

  override finish(atMs: number): void {
    this.#judgeSilence(atMs)
    this.#judgeReturn(atMs)
  }

  /** A sign may have waited: what counts is when it was made. */
  #seen(atMs: number, saidAtMs: number): void {
    this.#judgeSilence(atMs)
    this.#lastSignMs = Math.max(saidAtMs, this.#lastSignMs ?? saidAtMs)
    if (this.#warnedAtMs === undefined || atMs - this.#lastSignMs >= this.#limitMs) return
    this.#warnedAtMs = undefined
    this.#backAtMs ??= atMs
  }

  #judgeWarning(atMs: number): void {
    const silentMs = atMs - (this.#lastSignMs ?? atMs)
    if (silentMs < this.#limitMs - this.#clocksMs - KEPT_TO_MS)
      this.broken(atMs, `warned, though the phone was silent for ${hours(silentMs)} only`)
    else if (this.#warnedAtMs !== undefined) this.broken(atMs, 'warned again of the same silence')
    this.#warnedAtMs = atMs
  }

  /** Up to the sign that ends it, or the run's end. */
  #judgeSilence(atMs: number): void {
    const silentMs = atMs - (this.#lastSignMs ?? atMs)
    const dueMs = this.#limitMs + this.#clocksMs + GRACE_MS
    if (silentMs > dueMs && this.#warnedAtMs === undefined)
      this.broken(atMs, `not warned, though the phone was silent for ${hours(silentMs)}`)
  }

  #judgeReturn(atMs: number): void {
    if (this.#backAtMs === undefined || atMs - this.#backAtMs <= GRACE_MS) return
    this.broken(atMs, 'the phone is back, and nobody was told')
    this.#backAtMs = undefined
  }
}

function hours(durationMs: number): string {
  return `${(durationMs / HOUR_MS).toFixed(1)} h`
}
