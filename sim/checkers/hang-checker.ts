/**
 * A bot that hangs is ended soon after the declared stall; one that is merely slow, late or stopped for a
 * moment never. Judged by who really hung, as the lab made it. The surprise: the stall counts from the last
 * heartbeat, which is up to one interval older than the hang.
 */

import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'
import { Checker } from './checker.ts'
import type { CheckerContext } from './checker.ts'

/** The supervisor looks every sixth of a stall, so it may see a hang a fifth late. */
const LATE_SHARE = 0.2
/** Messages, signals and clocks, ms. */
const TOLERANCE_MS = 2_000
/** A supervisor that acts on memory may end a sound bot so long after it said so, ms. */
const MEMORY_ORDER_MS = 60_000

interface Bot {
  readonly dyno: string
  hungSinceMs: number | undefined
  /** The machine stood still or starved for so long of the hang; nobody could look. */
  excusedMs: number
}

export class HangChecker extends Checker {
  readonly #context: CheckerContext
  /** By process. */
  readonly #bots = new Map<string, Bot>()
  readonly #stopping = new Set<string>()
  /** Until when a dyno hangs or starves. */
  readonly #standsUntilMs = new Map<string, number>()
  readonly #memoryOrderMs = new Map<string, number>()

  constructor(context: CheckerContext) {
    super('hangs-ended')
    this.#context = context
  }

  observe({ atMs, source, kind, data }: TraceEvent): void {
    const dyno = textOf(data, 'dynoId')
    switch (kind) {
      case 'process.started':
        this.#bots.set(source, { dyno, hungSinceMs: undefined, excusedMs: 0 })
        break
      case 'bot.hang':
        this.#hung(source, atMs, data['how'] !== 'none')
        break
      case 'process.killed':
        if (data['signal'] === 'SIGKILL') this.#killed(source, atMs)
        break
      case 'process.ended':
        this.#bots.delete(source)
        break
      case 'dyno.sigterm':
        this.#stopping.add(dyno)
        break
      case 'dyno.exited':
        for (const [name, bot] of this.#bots) if (bot.dyno === dyno) this.#bots.delete(name)
        break
      case 'log.supervisor.memory':
        this.#memoryOrderMs.set(dyno, atMs)
        break
      case 'dyno.hang':
      case 'dyno.starve':
        this.#standsStill(dyno, atMs, Number(data['forMs']))
        break
      default:
    }
  }

  override finish(atMs: number): void {
    for (const [name, bot] of this.#bots) this.#judgeEnd(name, bot, atMs, 'still lives')
  }

  #hung(name: string, atMs: number, isHung: boolean): void {
    const bot = this.#bots.get(name)
    if (bot === undefined) return
    if (!isHung) this.#judgeEnd(name, bot, atMs, 'went on by itself')
    if (isHung && bot.hungSinceMs !== undefined) return
    bot.hungSinceMs = isHung ? atMs : undefined
    bot.excusedMs = Math.max(0, (this.#standsUntilMs.get(bot.dyno) ?? 0) - atMs)
  }

  #standsStill(dyno: string, atMs: number, forMs: number): void {
    const fromMs = Math.max(atMs, this.#standsUntilMs.get(dyno) ?? 0)
    const untilMs = Math.max(fromMs, atMs + forMs)
    this.#standsUntilMs.set(dyno, untilMs)
    for (const bot of this.#bots.values()) if (bot.dyno === dyno) bot.excusedMs += untilMs - fromMs
  }

  #killed(name: string, atMs: number): void {
    const bot = this.#bots.get(name)
    if (bot === undefined || this.#stopping.has(bot.dyno)) return
    if (atMs - (this.#memoryOrderMs.get(bot.dyno) ?? -Infinity) < MEMORY_ORDER_MS) return
    const leastMs = this.#context.botStallMs - this.#context.heartbeatIntervalMs - TOLERANCE_MS
    const hungMs = bot.hungSinceMs === undefined ? 0 : atMs - bot.hungSinceMs
    if (bot.hungSinceMs === undefined) this.broken(atMs, `${name} was killed and did not hang`)
    else if (hungMs < leastMs) this.broken(atMs, `${name} was killed after a hang of only ${hungMs} ms`)
    this.#judgeEnd(name, bot, atMs, 'was killed')
  }

  #judgeEnd(name: string, { hungSinceMs, excusedMs, dyno }: Bot, atMs: number, how: string): void {
    if (hungSinceMs === undefined || this.#stopping.has(dyno)) return
    const hungMs = atMs - hungSinceMs - excusedMs
    const mostMs = this.#context.botStallMs * (1 + LATE_SHARE) + TOLERANCE_MS
    if (hungMs > mostMs) this.broken(atMs, `${name} ${how} after a hang of ${hungMs} ms`)
  }
}
