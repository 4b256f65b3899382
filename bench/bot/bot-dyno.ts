/**
 * The compiled dyno as the Procfile starts it, linked to a fake WhatsApp and on a real Postgres, for measuring
 * from outside: nothing in it knows that it is measured. Settings are production's defaults.
 */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { signalQuietly } from '../../sim/dyno/real/dyno-processes.ts'
import { procfileCommand } from '../../scripts/slug-size.ts'
import { readProcFiles } from '../../src/adapters/system-memory-probe.ts'
import { processTreePids } from '../../src/adapters/system-processes.ts'
import { dynoUsage } from '../../src/memory/dyno-memory.ts'
import type { ProcessTexts } from '../../src/memory/dyno-memory.ts'

export interface BotDynoOptions {
  /** The project's folder, built. */
  readonly folder: string
  readonly databaseUrl: string
  readonly whatsappUrl: string
  readonly port: number
  readonly sessionId?: string
  /** Beside what Heroku and the production need. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface DynoUse {
  readonly dynoPssMb: number
  readonly dynoRssMb: number
  readonly supervisorPrivateMb: number
  readonly supervisorPssMb: number
  readonly supervisorRssMb: number
}

const MB_BYTES = 1_048_576
const LIMIT_MS = 60_000
const POLL_MS = 5
const RSS = /^VmRSS:\s+(\d+)/gm

export class BotDyno {
  readonly #process: ChildProcess
  readonly #options: BotDynoOptions
  readonly #startedMs = performance.now()
  readonly #exited = Promise.withResolvers<void>()
  readonly #lines: { readonly atMs: number; readonly event: string }[] = []

  constructor(options: BotDynoOptions) {
    this.#options = options
    const command = procfileCommand(readFileSync(`${options.folder}/Procfile`, 'utf8'), 'web')
    if (command === undefined) throw new Error('the Procfile has no web process')
    this.#process = spawn('sh', ['-c', `exec ${command}`], {
      cwd: options.folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        // The Node that measures, not another one that happens to be found first.
        PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
        NODE_ENV: 'production',
        DYNO: 'web.1',
        PORT: String(options.port),
        DATABASE_URL: options.databaseUrl,
        WHATSAPP_URL: options.whatsappUrl,
        MEMORY_AVAILABLE: '512',
        SESSION_ID: options.sessionId ?? 'default',
        ...options.environment,
      },
    })
    this.#process.once('exit', () => this.#exited.resolve())
    if (this.#process.stdout !== null) {
      createInterface({ input: this.#process.stdout }).on('line', (line) => this.#heard(line))
    }
  }

  /** ms from the start until /health answers. */
  async healthAfterMs(): Promise<number> {
    const url = `http://127.0.0.1:${this.#options.port}/health`
    await this.#until('/health answers', async () => (await fetch(url).catch(() => undefined))?.ok === true)
    return performance.now() - this.#startedMs
  }

  /** ms from the start until the `nth` connection of this dyno is open, by its own log. */
  async openAfterMs(nth: number): Promise<number> {
    const opened = () => this.#lines.filter(({ event }) => event === 'connection.open')[nth - 1]
    await this.#until(`connection ${nth} is open`, () => Promise.resolve(opened() !== undefined))
    return (opened()?.atMs ?? Number.NaN) - this.#startedMs
  }

  use(): DynoUse {
    const files = this.#pids().map(readProcFiles)
    const supervisor = readProcFiles(this.#process.pid ?? 0)
    return {
      dynoPssMb: (dynoUsage(files)?.usedBytes ?? Number.NaN) / MB_BYTES,
      dynoRssMb: files.reduce((sum, { status }) => sum + kilobytesOf(status, RSS), 0) / 1024,
      supervisorPrivateMb: kilobytesOf(supervisor.smapsRollup, /^Private_(?:Clean|Dirty):\s+(\d+)/gm) / 1024,
      supervisorPssMb: kilobytesOf(supervisor.smapsRollup, /^Pss:\s+(\d+)/gm) / 1024,
      supervisorRssMb: kilobytesOf(supervisor.status, RSS) / 1024,
    }
  }

  /** CPU time of the first process so far, which tells a slow start from a busy machine; counted in steps of 10 ms. */
  supervisorCpuMs(): number {
    const stat = readFileSync(`/proc/${this.#process.pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  }

  /** The texts of /proc of each living process, by which a dyno is measured. */
  processTexts(): readonly ProcessTexts[] {
    return this.#pids().map(readProcFiles)
  }

  /** Ends the bot process in order; its supervisor starts the next one, as after a recycle. */
  endBot(): void {
    const [bot] = this.#pids().filter((pid) => pid !== this.#process.pid)
    if (bot === undefined) throw new Error('the dyno has no bot process')
    process.kill(bot, 'SIGTERM')
  }

  /** ms from SIGTERM until its first process has ended. */
  async stopAfterMs(): Promise<number> {
    const startedMs = performance.now()
    this.#process.kill('SIGTERM')
    await this.#exited.promise
    return performance.now() - startedMs
  }

  /** SIGKILL of what is left; may be called twice. */
  dispose(): void {
    for (const pid of this.#pids()) signalQuietly(pid, 'SIGKILL')
  }

  #pids(): readonly number[] {
    return this.#process.exitCode === null && this.#process.pid !== undefined
      ? processTreePids(this.#process.pid)
      : []
  }

  #heard(line: string): void {
    const event = /"event":"([^"]+)"/.exec(line)?.[1]
    if (event !== undefined) this.#lines.push({ atMs: performance.now(), event })
  }

  async #until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + LIMIT_MS
    while (!(await isTrue())) {
      if (this.#process.exitCode !== null) throw new Error(`the dyno ended before ${what}`)
      if (performance.now() > deadlineMs) throw new Error(`not within ${LIMIT_MS} ms: ${what}`)
      await sleep(POLL_MS)
    }
  }
}

function kilobytesOf(text: string | undefined, pattern: RegExp): number {
  return [...(text ?? '').matchAll(pattern)].reduce((sum, [, kilobytes]) => sum + Number(kilobytes), 0)
}
