/**
 * The bot's processes as the system shows them, not as anybody says: looked for every so often among the dyno's
 * processes, and named `web.1#<boot>/bot-<n>` as in the virtual world. What /proc cannot tell, the status with which
 * a process ended, comes from its supervisor's log; without that word an end is told a little later, alone. A look may
 * come late, so each event says by how much at most: a start is `ageMs` old at least, an end `unseenMs` at most.
 */

import type { TraceData } from '../world/trace.ts'
import { ageMs, readProcFile, readProcesses } from '../dyno/real/process-table.ts'
import type { ProcessEntry } from '../dyno/real/process-table.ts'
import { isEnding } from './socket-owner.ts'

export interface BotProcess {
  readonly name: string
  readonly dynoId: string
  readonly boot: number
  readonly pid: number
  readonly startTicks: number
}

export interface ProcessWatchOptions {
  /** Whether a process with this command line is the bot's; the dyno's first process when undefined. */
  readonly isBot: ((commandLine: string) => boolean) | undefined
  record(source: string, kind: string, data: TraceData): void
}

/** How a bot ended, by its supervisor's word. */
export interface EndWord {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
}

/** So often the kernel is asked who lives. */
export const LOOK_MS = 100
/** So long the supervisor's word is waited for. */
const WORD_WITHIN_MS = 500
/** The bot's own exit statuses. src/ports/exit.ts */
const REASONS: Readonly<Record<number, string>> = { 0: 'stopped', 75: 'recycle' }

interface Ending {
  readonly bot: BotProcess
  readonly sinceMs: number
  readonly lastAliveMs: number
}

interface Dyno {
  readonly boot: number
  readonly leaderPid: number
  bots: number
}

export class ProcessWatch {
  readonly #options: ProcessWatchOptions
  readonly #dynos = new Map<number, Dyno>()
  #living: BotProcess[] = []
  /** Gone since a look, and no word yet. */
  #ending: Ending[] = []
  /** When the look began that was the last one; who lived at it was alive then. */
  #lookedAtMs = performance.now()
  readonly #timer: NodeJS.Timeout

  constructor(options: ProcessWatchOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.look(), LOOK_MS)
  }

  /** Living bot processes, oldest first. */
  get living(): readonly BotProcess[] {
    return this.#living
  }

  dynoStarted(boot: number, leaderPid: number): void {
    this.#dynos.set(boot, { boot, leaderPid, bots: 0 })
  }

  /** All that it ran is gone, too. */
  dynoEnded(boot: number): void {
    this.look()
    for (const ending of this.#ending.filter((each) => each.bot.boot === boot)) this.#ended(ending)
    this.#dynos.delete(boot)
  }

  /** The supervisor of a dyno says how its bot has ended. */
  botEnded(boot: number, word: EndWord): void {
    this.look()
    const ending = this.#ending.find((each) => each.bot.boot === boot)
    if (ending !== undefined) this.#ended(ending, word)
  }

  /** Pids of everything that runs in the dyno of this boot. */
  pidsOf(boot: number): number[] {
    const dyno = this.#dynos.get(boot)
    if (dyno === undefined) return []
    return readProcesses()
      .filter((entry) => !entry.isZombie && belongsTo(entry, dyno))
      .map(({ pid }) => pid)
  }

  /** Dynos that have not ended, oldest first. */
  get boots(): readonly number[] {
    return [...this.#dynos.keys()]
  }

  /** The newest dyno that has not ended. */
  get newestBoot(): number | undefined {
    return this.boots.at(-1)
  }

  /** Tells of the living ones as if they had just started. */
  announce(): void {
    for (const { name, dynoId, pid } of this.#living)
      this.#options.record(name, 'process.started', { dynoId, pid })
  }

  look(): void {
    const [lastAliveMs, sinceMs] = [this.#lookedAtMs, performance.now()]
    const entries = readProcesses().filter(({ isZombie }) => !isZombie)
    const lives = ({ pid, startTicks }: BotProcess): boolean =>
      entries.some((entry) => entry.pid === pid && entry.startTicks === startTicks) && !isEnding(pid)
    for (const bot of this.#living.filter((each) => !lives(each))) {
      this.#living = this.#living.filter((each) => each !== bot)
      this.#ending.push({ bot, sinceMs, lastAliveMs })
    }
    for (const dyno of this.#dynos.values()) this.#findStarted(dyno, entries)
    for (const ending of this.#ending) if (sinceMs - ending.sinceMs > WORD_WITHIN_MS) this.#ended(ending)
    this.#lookedAtMs = sinceMs
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #findStarted(dyno: Dyno, entries: readonly ProcessEntry[]): void {
    for (const entry of entries) {
      if (!belongsTo(entry, dyno) || !this.#isBot(entry, dyno)) continue
      if (this.#living.some(({ pid, startTicks }) => pid === entry.pid && startTicks === entry.startTicks))
        continue
      dyno.bots += 1
      const dynoId = `web.1#${dyno.boot}`
      const name = `${dynoId}/bot-${dyno.bots}`
      // A successor starts only when the one before has ended: whoever is gone, is gone before it.
      for (const ending of this.#ending.filter((each) => each.bot.boot === dyno.boot)) this.#ended(ending)
      this.#living.push({ name, dynoId, boot: dyno.boot, pid: entry.pid, startTicks: entry.startTicks })
      this.#options.record(name, 'process.started', { dynoId, pid: entry.pid, ageMs: this.#ageMs(entry) })
    }
  }

  /** By the kernel, but no older than the last look, which did not see it. */
  #ageMs({ startTicks }: ProcessEntry): number {
    const unseenMs = performance.now() - this.#lookedAtMs
    return Math.floor(Math.min(ageMs(startTicks), unseenMs))
  }

  #isBot({ pid }: ProcessEntry, dyno: Dyno): boolean {
    const { isBot } = this.#options
    if (isBot === undefined) return pid === dyno.leaderPid
    return isBot((readProcFile(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' '))
  }

  #ended({ bot: { name, dynoId, pid }, lastAliveMs }: Ending, word?: EndWord): void {
    this.#ending = this.#ending.filter(({ bot }) => bot.name !== name)
    const seen = { dynoId, unseenMs: Math.ceil(performance.now() - lastAliveMs) }
    if (word?.signal !== undefined)
      this.#options.record(name, 'process.killed', { ...seen, signal: word.signal })
    else if (word?.exitCode !== undefined)
      this.#options.record(name, 'process.exited', { ...seen, reason: REASONS[word.exitCode] ?? 'failed' })
    this.#options.record(name, 'process.ended', { ...seen, pid })
  }
}

function belongsTo({ sessionId, groupId }: ProcessEntry, { leaderPid }: Dyno): boolean {
  return sessionId === leaderPid || groupId === leaderPid
}
