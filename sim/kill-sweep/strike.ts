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
    this.#setTrap()
    // Nobody has to be waiting when a kill fails.
    this.#struck.promise.catch(() => undefined)
  }

  get hasStruck(): boolean {
    return this.#atMs !== undefined
  }

  /** Resolves when the victim is dead; rejects when Postgres could not be killed. */
  struck(): Promise<Struck> {
    return this.#struck.promise
  }

  /** Takes the trap away, and sends what is still held up. */
  end(): void {
    clearTimeout(this.#timer)
    this.#options.database.setTrap(undefined)
    this.#land()
  }

  #setTrap(): void {
    const { point, database } = this.#options
    database.setTrap({
      moment: point.moment,
      wants: (names) => names.includes(point.operation) && (this.#seen += 1) >= point.occurrence,
      onSprung: (site) => this.#sprung(site),
    })
  }

  #sprung(site: TrapSite): TrapVerdict {
    const { point } = this.#options
    const pid = this.#victimPid(site)
    if (pid === undefined && point.victim !== 'postgres') {
      // Its dyno was just being swept: the next one will do.
      this.#setTrap()
      site.release()
      return 'pass'
    }
    if (point.moment === 'late') this.#landAfterTakeover(site)
    if (point.afterMs === 0) this.#kill(pid)
    else this.#timer = setTimeout(() => this.#kill(pid), point.afterMs)
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

  /** @param pid undefined for Postgres, which has many */
  #kill(pid: number | undefined): void {
    const struck = { atMs: performance.now() }
    this.#atMs = struck.atMs
    if (pid !== undefined) {
      // One that has ended by itself meanwhile is as dead as it can be.
      signalQuietly(pid, 'SIGKILL')
      this.#struck.resolve(struck)
      return
    }
    this.#options.killPostgres().then(
      () => this.#struck.resolve(struck),
      (error: unknown) => this.#struck.reject(error),
    )
  }

  #victimPid({ clientPort }: TrapSite): number | undefined {
    const { victim } = this.#options.point
    if (victim === 'postgres') return undefined
    const bot = this.#options.processAt(clientPort)
    if (bot === undefined) return undefined
    return victim === 'bot' ? bot.pid : this.#options.supervisorOf(bot.boot)
  }
}
