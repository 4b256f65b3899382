/**
 * A dyno as real processes: starts an entry, reads its log, sends signals by process id, and leaves nothing
 * behind. Waiting is bounded by the test's own time-out; how long something took is never judged.
 */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../../sim/free-port.ts'
import { processTreePids } from '../../../src/adapters/system-processes.ts'
import { COMPILE_CACHE } from '../../support/compile-cache.ts'

const ROOT = new URL('../../../', import.meta.url)
export const PRODUCTION_MAIN = 'src/main.ts'
export const SCRIPTED_DYNO = 'test/process/support/scripted-dyno.ts'

export interface LogEntry {
  readonly event: string
  readonly [field: string]: unknown
}

export class DynoProcess {
  readonly port: number
  readonly #process: ChildProcess
  readonly #folder: string
  readonly #entries: LogEntry[] = []
  readonly #text: string[] = []
  readonly #listeners = new Set<() => void>()
  readonly #exit: Promise<number | string>

  /** @param entry path from the root of the repository */
  static async start(entry: string, env: Readonly<Record<string, string>>): Promise<DynoProcess> {
    return new DynoProcess(entry, env, await freePort())
  }

  private constructor(entry: string, env: Readonly<Record<string, string>>, port: number) {
    this.port = port
    this.#folder = mkdtempSync(join(tmpdir(), 'blacksky-dyno-'))
    this.#process = spawn(process.execPath, [fileURLToPath(new URL(entry, ROOT))], {
      env: {
        PATH: process.env['PATH'],
        ...COMPILE_CACHE,
        PORT: String(port),
        DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/none',
        SCRIPT_MARK: join(this.#folder, 'first'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#read(line))
    }
    this.#exit = new Promise((resolve) => {
      this.#process.once('exit', (status, signal) => resolve(status ?? signal ?? 'unknown'))
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** The first entry of this event after the first `after` ones of its kind. */
  async event(name: string, after = 0): Promise<LogEntry> {
    for (;;) {
      const found = this.events(name)[after]
      if (found !== undefined) return found
      await new Promise<void>((resolve) => {
        const heard = (): void => {
          this.#listeners.delete(heard)
          resolve()
        }
        this.#listeners.add(heard)
      })
    }
  }

  events(name: string): LogEntry[] {
    return this.#entries.filter(({ event }) => event === name)
  }

  /** Everything it has written, as text. */
  text(): string {
    return this.#text.join('\n')
  }

  /** The process id of the bot that was started as the `index`-th. */
  async botPid(index = 0): Promise<number> {
    return Number((await this.event('supervisor.bot-started', index))['pid'])
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Exit status, or the signal that ended it. */
  exit(): Promise<number | string> {
    return this.#exit
  }

  /** Asks until the web port answers; the answer's status and body. */
  async get(
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly body: string }> {
    for (;;) {
      try {
        const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { headers })
        return { status: response.status, body: await response.text() }
      } catch (error) {
        if (this.#process.exitCode !== null) throw error
        await pause(20)
      }
    }
  }

  /** SIGKILL of everything that is left; may be called twice. */
  async dispose(): Promise<void> {
    for (const pid of processTreePids(this.pid)) kill(pid, 'SIGKILL')
    this.#process.kill('SIGKILL')
    await this.#exit
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #read(line: string): void {
    this.#text.push(line)
    if (line.startsWith('{')) this.#entries.push(JSON.parse(line))
    for (const listener of this.#listeners) listener()
  }
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended already.
  }
}

export function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs))
}

/** Resolves when the process is gone; a zombie counts as gone. */
export async function goneFor(pid: number): Promise<void> {
  while (isLiving(pid)) await pause(20)
}

export function isLiving(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
  } catch {
    return false
  }
}
