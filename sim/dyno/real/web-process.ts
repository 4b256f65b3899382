/** The first process of a dyno: how it is started, what it prints, and with what status it ends. */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { errorMessageOf } from '../../../src/errors.ts'
import { OutputLines } from './output-lines.ts'
import type { WebCommand } from './web-command.ts'

export interface WebProcessOptions {
  readonly command: WebCommand
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  onLine(text: string): void
  /** Once; 128 plus the signal's number when a signal ended it, 127 or 126 when it could not be run. */
  onExit(status: number): void
}

export interface WebProcess {
  /** Undefined when it could not be started; `onExit` tells. */
  readonly pid: number | undefined
  /** Resolves when its last words have been read; a process out of sight may hold the pipes open no longer. */
  close(): Promise<void>
}

/** Pipes close at once when all who hold them have ended. */
const LAST_WORDS_MS = 500

export function startWebProcess(options: WebProcessOptions): WebProcess {
  const { command, cwd, env } = options
  const onLine = (text: string): void => options.onLine(text)
  // Detached: a session of its own, by which its processes are found, and out of the terminal's signals.
  const child = spawn(command.file, command.args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  readOutput(child, onLine)
  child.once('error', (error) => {
    onLine(`${command.file}: ${errorMessageOf(error)}`)
    if (child.pid === undefined) options.onExit('code' in error && error.code === 'ENOENT' ? 127 : 126)
  })
  child.once('exit', (code, signal) => options.onExit(exitStatus(code, signal)))
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return {
    pid: child.pid,
    close: async () => {
      await Promise.race([closed, delay(LAST_WORDS_MS)])
      child.stdout.destroy()
      child.stderr.destroy()
    },
  }
}

function readOutput(child: ChildProcess, onLine: (text: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    const lines = new OutputLines(onLine)
    stream?.on('data', (bytes: Buffer) => lines.push(bytes))
    stream?.once('close', () => lines.end())
    stream?.on('error', () => undefined)
  }
}

function exitStatus(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
}
