/**
 * Faults of the bot's process alone, while the rest of its dyno is sound: it hangs, crashes soon after each
 * start, starves, or is heard late. Owns what is in force now; the processes ask.
 */

import type { PrngStream } from './prng.ts'
import type { Scheduler } from './scheduler.ts'

/** What a fault does to a bot process. Both return false when there was nothing to strike. */
export interface StruckBot {
  setHang(hang: 'none' | 'computing' | 'idle'): boolean
  crash(): boolean
}

export interface BotFaultsOptions {
  readonly scheduler: Scheduler
  readonly stream: PrngStream
}

export class BotFaults {
  readonly #options: BotFaultsOptions
  #newest: StruckBot | undefined
  #starvedMs = 0
  #messageDelayMs = 0
  #crashesWithinMs = 0
  #crashes = 0

  constructor(options: BotFaultsOptions) {
    this.#options = options
  }

  /** Processes that crashed by this fault so far. */
  get crashes(): number {
    return this.#crashes
  }

  /** Extra delay of each of its timers, ms. */
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

  /** The newest process hangs for so long, or until it is killed. */
  hang(how: 'computing' | 'idle', forMs: number): boolean {
    const bot = this.#newest
    const hasStruck = bot?.setHang(how) ?? false
    if (hasStruck) this.#options.scheduler.schedule('fault.bot-resumes', forMs, () => bot?.setHang('none'))
    return hasStruck
  }

  /** Each process crashes within so long of its start, the newest one now; 0 ends it. */
  crashSoonAfterStart(withinMs: number): void {
    this.#crashesWithinMs = withinMs
    if (withinMs > 0 && this.#newest !== undefined) this.#crashSoon(this.#newest)
  }

  starve(byMs: number): boolean {
    this.#starvedMs = byMs
    return this.#newest !== undefined
  }

  delayMessages(upToMs: number): boolean {
    this.#messageDelayMs = upToMs
    return this.#newest !== undefined
  }

  #crashSoon(bot: StruckBot): void {
    const { scheduler, stream } = this.#options
    scheduler.schedule('fault.bot-crashes', stream.integer(1, this.#crashesWithinMs), () => {
      if (bot.crash()) this.#crashes += 1
    })
  }
}
