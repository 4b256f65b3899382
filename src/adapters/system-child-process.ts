/**
 * Starts a Node process of our own with a channel of messages, by fork. Its output goes where ours goes. What
 * can go wrong with a channel whose other end may vanish at any moment is swallowed here: its end is told by
 * `onExit` alone, and only after the system has confirmed it.
 */

import { fork } from 'node:child_process'
import type { ChildProcess as NodeChild } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { killMarked } from './system-leftovers.ts'
import type { ChildExit, ChildProcess, ChildProcessSpawner } from '../ports/child-process.ts'

export interface SystemSpawnerOptions {
  readonly module: URL
  /** Node's flags for it; ours are not inherited. */
  readonly nodeFlags: readonly string[]
  /** Variables of our environment that it does not get. */
  readonly withheld?: readonly string[]
  /** `NAME=value` of its environment: whatever still carries it when the process has ended is ended, too. */
  readonly mark?: string
}

type SpawnOptions = Parameters<ChildProcessSpawner['spawn']>[0]

/** Linux counts CPU time for user space in hundredths of a second on every architecture (USER_HZ). */
const TICK_MS = 10

export class SystemChildProcessSpawner implements ChildProcessSpawner {
  readonly #options: SystemSpawnerOptions

  constructor(options: SystemSpawnerOptions) {
    this.#options = options
  }

  spawn(options: SpawnOptions): ChildProcess {
    const { module, nodeFlags, withheld = [], mark } = this.#options
    const own = Object.entries(process.env).filter(([name]) => !withheld.includes(name))
    const child = fork(fileURLToPath(module), {
      execArgv: [...nodeFlags],
      // As Heroku sets it for new apps: with more arenas glibc keeps more freed memory to itself.
      env: { MALLOC_ARENA_MAX: '2', ...Object.fromEntries(own), ...options.env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    watch(child, {
      ...options,
      onExit: (exit) => {
        if (mark !== undefined) killMarked(mark)
        options.onExit(exit)
      },
    })
    const id = child.pid ?? 0
    return {
      id,
      send: (message) => sendQuietly(child, message),
      kill: (signal) => void child.kill(signal),
      cpuTimeMs: () => (id === 0 ? undefined : cpuTimeMs(id)),
    }
  }
}

function watch(child: NodeChild, options: SpawnOptions): void {
  let hasEnded = false
  const ended = (exit: ChildExit): void => {
    if (hasEnded) return
    hasEnded = true
    options.onExit(exit)
  }
  child.on('message', (message) => {
    if (!hasEnded) options.onMessage(message)
  })
  child.on('exit', (exitCode, signal) =>
    ended({ exitCode: exitCode ?? undefined, signal: signal ?? undefined, spawnError: undefined }),
  )
  child.on('error', (error: NodeJS.ErrnoException) => {
    // With a pid it is a message or a signal that failed: the end itself will be told by `exit`.
    if (child.pid === undefined)
      ended({ exitCode: undefined, signal: undefined, spawnError: error.code ?? error.message })
  })
}

/** A message to a process that is just ending is lost, which its end explains. */
function sendQuietly(child: NodeChild, message: unknown): void {
  if (!child.connected || typeof message !== 'object' || message === null) return
  child.send(message, () => undefined)
}

/** User and system time of all its threads; undefined without /proc or after its end. */
function cpuTimeMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command's name, the second field, may itself hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  } catch {
    return undefined
  }
}
