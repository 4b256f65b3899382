/**
 * One kill: a trap at the write, and SIGKILL for the victim from within it. The signal is sent synchronously, so the
 * victim's process runs no further instruction of its own after the kernel has taken it.
 */

import { signalQuietly } from '../dyno/real/dyno-processes.ts'
import type { FaultProxy } from '../postgres/fault-proxy/fault-proxy.ts'
import type { TrapSite, TrapVerdict } from '../postgres/fault-proxy/write-trap.ts'
import type { BotProcess } from '../real/process-watch.ts'
import type { KillPoint } from './kill-point.ts'

export interface StrikeOptions {
  readonly point: KillPoint
  readonly database: FaultProxy
  /** The process that writes; undefined when it could not be seen. */
  processAt(clientPort: number): BotProcess | undefined
  /** The first process of the dyno of that boot. */
  supervisorOf(boot: number): number | undefined
  /** Begins at once, by signals; resolves when nothing of the server runs. */
  killPostgres(): Promise<void>
}

export interface Struck {
  readonly atMs: number
}

/** The successor's write behind which a late one lands. */
const TAKEOVERS = ['take-lease', 'insert-lease']

export class Strike {
  readonly #options: StrikeOptions
  readonly #struck = Promise.withResolvers<Struck>()
  #seen = 0
  #timer: NodeJS.Timeout | undefined
  #atMs: number | undefined
  #releaseLate: (() => void) | undefined

  /** Sets the trap at once. */
  constructor(options: StrikeOptions) {
    this.#options = options
    const { point, database } = options
    database.setTrap({
      moment: point.moment,
      wants: (names) => names.includes(point.operation) && (this.#seen += 1) === point.occurrence,
      onSprung: (site) => this.#sprung(site),
    })
    // Nobody has to be waiting when a kill fails.
    this.#struck.promise.catch(() => undefined)
  }

  get hasStruck(): boolean {
    return this.#atMs !== undefined
  }

  /** Resolves when the victim is dead; rejects when there was nobody to kill. */
  struck(): Promise<Struck> {
    return this.#struck.promise
  }

  /** Takes the trap away, and sends what is still held up. */
  end(): void {
    clearTimeout(this.#timer)
    this.#options.database.setTrap(undefined)
    this.#land()
  }

  #sprung(site: TrapSite): TrapVerdict {
    const { point } = this.#options
    if (point.moment === 'late') this.#landAfterTakeover(site)
    if (point.afterMs === 0) this.#kill(site)
    else this.#timer = setTimeout(() => this.#kill(site), point.afterMs)
    // A supervisor does not write itself: its bot's statement goes on.
    return point.victim === 'supervisor' ? 'pass' : 'hold'
  }

  #landAfterTakeover(site: TrapSite): void {
    this.#releaseLate = () => site.release()
    this.#options.database.setTrap({
      moment: 'answered',
      wants: (names) => names.some((name) => TAKEOVERS.includes(name)),
      onSprung: () => {
        this.#land()
        return 'pass'
      },
    })
  }

  #land(): void {
    const release = this.#releaseLate
    this.#releaseLate = undefined
    release?.()
  }

  #kill({ clientPort }: TrapSite): void {
    this.#atMs = performance.now()
    const struck = { atMs: this.#atMs }
    const { point } = this.#options
    if (point.victim === 'postgres') {
      this.#options.killPostgres().then(
        () => this.#struck.resolve(struck),
        (error: unknown) => this.#struck.reject(error),
      )
      return
    }
    const pid = this.#victimPid(clientPort)
    // Ended by itself within the delay, or by what brought the write about: it is as dead as it can be.
    if (pid !== undefined && (signalQuietly(pid, 'SIGKILL') || point.afterMs > 0))
      this.#struck.resolve(struck)
    else this.#struck.reject(new Error(`no ${point.victim} stands behind port ${clientPort}`))
  }

  #victimPid(clientPort: number): number | undefined {
    const bot = this.#options.processAt(clientPort)
    if (bot === undefined) return undefined
    return this.#options.point.victim === 'bot' ? bot.pid : this.#options.supervisorOf(bot.boot)
  }
}
