/**
 * A real bot process as a child of this one: the production entry, told where its database and its WhatsApp are,
 * known by its heartbeats. For the demonstration and for tests. Surprising: nothing is read from its log; what it
 * says there is kept for whoever wants to look at it.
 */

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { BotStatus } from '../../src/bot-status.ts'
import { readFromBot } from '../../src/supervisor/process-messages.ts'
import { BoundedList } from '../whatsapp/bounded-list.ts'

const BOT_MAIN = fileURLToPath(new URL('../../src/bot-main.ts', import.meta.url))
const HEARTBEAT_MS = 50
const DEFAULT_TIMEOUT_MS = 15_000
const KEPT_CHUNKS = 100_000

export interface BotChildOptions {
  readonly databaseUrl: string
  readonly whatsappUrl: string
  /** Further environment variables of the bot. */
  readonly settings?: Readonly<Record<string, string>>
  /** Node's own options, before the script. */
  readonly execArgv?: readonly string[]
}

export interface BotEnd {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

export interface BotReport {
  readonly status: BotStatus
  readonly pairingCode: string | undefined
}

interface Watcher {
  matches(report: BotReport): boolean
  resolve(report: BotReport): void
  reject(error: Error): void
}

export class BotChild {
  readonly startedAtMs = Date.now()
  readonly #child: ChildProcess
  readonly #ended = Promise.withResolvers<BotEnd>()
  readonly #output = new BoundedList<string>(KEPT_CHUNKS)
  readonly #watchers = new Set<Watcher>()
  #report: BotReport | undefined
  #end: BotEnd | undefined

  constructor(options: BotChildOptions) {
    this.#child = fork(BOT_MAIN, {
      // Nothing of our own environment, so that every run is the same.
      env: {
        PATH: process.env['PATH'] ?? '',
        DATABASE_URL: options.databaseUrl,
        WHATSAPP_URL: options.whatsappUrl,
        HEARTBEAT_INTERVAL_MS: String(HEARTBEAT_MS),
        ...options.settings,
      },
      execArgv: [...(options.execArgv ?? [])],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#output.push(text))
    }
    this.#child.on('message', (message) => this.#hear(message))
    this.#child.on('error', () => undefined)
    // After `exit` and when its output is complete.
    this.#child.on('close', (exitCode, signal) => this.#endedWith({ exitCode, signal }))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get hasEnded(): boolean {
    return this.#end !== undefined
  }

  /** The newest report; undefined before the first heartbeat. */
  get report(): BotReport | undefined {
    return this.#report
  }

  /** Everything it has written so far, standard output and standard error mixed. */
  get output(): string {
    return this.#output.toArray().join('')
  }

  /**
   * The first report, from now on, that matches.
   * @throws Error when the bot ends, or does not report so within `timeoutMs` (15 s)
   */
  until(
    what: string,
    matches: (report: BotReport) => boolean,
    timeoutMs: number = DEFAULT_TIMEOUT_MS,
  ): Promise<BotReport> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(watcher)
        reject(new Error(`the bot was not ${what} within ${timeoutMs} ms: ${this.#lastWords()}`))
      }, timeoutMs)
      const watcher: Watcher = {
        matches,
        resolve: (report) => {
          clearTimeout(timer)
          resolve(report)
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      if (this.#end !== undefined) return watcher.reject(this.#endError(what))
      this.#watchers.add(watcher)
      if (this.#report !== undefined) this.#tell(this.#report)
    })
  }

  async open(timeoutMs?: number): Promise<BotReport> {
    return this.until('open', ({ status }) => status.connection.state === 'open', timeoutMs)
  }

  /** What a phone has to scan. */
  async qr(timeoutMs?: number): Promise<string> {
    const { status } = await this.until(
      'showing a QR code',
      (report) => report.status.connection.qr !== undefined,
      timeoutMs,
    )
    return status.connection.qr ?? ''
  }

  async pairingCode(timeoutMs?: number): Promise<string> {
    const report = await this.until(
      'showing a pairing code',
      (each) => each.pairingCode !== undefined,
      timeoutMs,
    )
    return report.pairingCode ?? ''
  }

  ended(): Promise<BotEnd> {
    return this.#ended.promise
  }

  /** Asks it to stop, as the platform does. */
  terminate(): Promise<BotEnd> {
    return this.signal('SIGTERM')
  }

  /** Sends the signal, and resolves when the process has ended. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<BotEnd> {
    this.#child.kill(signal)
    return this.ended()
  }

  /** Stops it in its tracks, or lets it go on, as a machine does that is suspended. */
  suspend(isSuspended: boolean): void {
    this.#child.kill(isSuspended ? 'SIGSTOP' : 'SIGCONT')
  }

  #hear(message: unknown): void {
    const known = readFromBot(message)
    if (known?.type !== 'heartbeat') return
    const { status, pairingCode } = known
    this.#report = { status, pairingCode }
    this.#tell(this.#report)
  }

  #tell(report: BotReport): void {
    for (const watcher of this.#watchers) {
      if (!watcher.matches(report)) continue
      this.#watchers.delete(watcher)
      watcher.resolve(report)
    }
  }

  #endedWith(end: BotEnd): void {
    this.#end = end
    for (const watcher of this.#watchers) watcher.reject(this.#endError('as wanted'))
    this.#watchers.clear()
    this.#ended.resolve(end)
  }

  #endError(what: string): Error {
    const { exitCode, signal } = this.#end ?? {}
    return new Error(`the bot ended (${signal ?? exitCode}) before it was ${what}: ${this.#lastWords()}`)
  }

  #lastWords(): string {
    return this.output.trim().split('\n').slice(-3).join(' | ')
  }
}
