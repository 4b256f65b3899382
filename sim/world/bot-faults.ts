/**
 * Faults of the bot's process alone, while the rest of its dyno is sound: it hangs, crashes soon after each
 * start, starves, or is heard late. Owns what is in force now; the processes ask.
 */

import type { PrngStream } from './prng.ts'
import type { Scheduler } from './scheduler.ts'

/** A bot process, as faults strike it. Each returns false when there was nothing to strike. */
export interface StruckBot {
  setHang(hang: 'none' | 'computing' | 'idle'): boolean
  crash(): boolean
  /** Makes it known that its timers are late from now on. */
  noteStarvation(forMs: number, timerDelayMs: number): boolean
}

export class BotFaults {
  readonly #scheduler: Scheduler
  readonly #stream: PrngStream
  #newest: StruckBot | undefined
  #hanging: StruckBot | undefined
  #starvedMs = 0
  #messageDelayMs = 0
  #crashesWithinMs = 0
  #crashes = 0

  constructor(options: { readonly scheduler: Scheduler; readonly stream: PrngStream }) {
    this.#scheduler = options.scheduler
    this.#stream = options.stream
  }

  /** Processes that have crashed by a fault so far. */
  get crashes(): number {
    return this.#crashes
  }

  /** Extra delay of each of a bot's timers, ms. */
  starvedMs(): number {
    return this.#starvedMs
  }

  /** Longest extra delay of each message between supervisor and bot, ms. */
  messageDelayMs(): number {
    return this.#messageDelayMs
  }

  /** A bot process begins to run. */
  started(bot: StruckBot): void {
    this.#newest = bot
    if (this.#crashesWithinMs > 0) this.#crashSoon(bot)
  }

  hang(how: 'computing' | 'idle'): boolean {
    this.#hanging = this.#newest
    return this.#hanging?.setHang(how) ?? false
  }

  /** The process that hangs goes on, if it still is. */
  resume(): void {
    this.#hanging?.setHang('none')
  }

  crashSoonAfterStart(withinMs: number): boolean {
    this.#crashesWithinMs = withinMs
    if (this.#newest === undefined) return false
    this.#crashSoon(this.#newest)
    return true
  }

  crashNoMore(): void {
    this.#crashesWithinMs = 0
  }

  starve(timerDelayMs: number, forMs: number): boolean {
    this.#starvedMs = timerDelayMs
    return this.#newest?.noteStarvation(forMs, timerDelayMs) ?? false
  }

  starveNoMore(): void {
    this.#starvedMs = 0
  }

  delayMessages(upToMs: number): boolean {
    this.#messageDelayMs = upToMs
    return this.#newest !== undefined
  }

  #crashSoon(bot: StruckBot): void {
    this.#scheduler.schedule('fault.bot-crashes', this.#stream.integer(1, this.#crashesWithinMs), () => {
      if (this.#crashesWithinMs > 0 && bot.crash()) this.#crashes += 1
    })
  }
}
