/** The simulator as a child process with the words that a person types; its folder must be gone in the end. */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { TARGETS, leftFolders } from './sim-bench.ts'

const MAIN = join(import.meta.dirname, '../../sim/dyno/real/main.ts')
export const CLI_PATIENCE = { timeout: 20_000 }

export interface SimRun {
  readonly pid: number
  readonly exitCode: Promise<number | null>
  readonly out: () => string
  readonly err: () => string
  say(line: string): void
  signal(signal: NodeJS.Signals): void
}

export function runSim(words: string, environment: Record<string, string> = {}): SimRun {
  const child = spawn(process.execPath, [MAIN, '--port', '0', ...split(words)], {
    cwd: TARGETS,
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  child.stdin.on('error', () => undefined)
  const exitCode = new Promise<number | null>((resolve) => child.once('close', resolve))
  const pid = child.pid ?? 0
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exitCode
    await expect.poll(() => leftFolders(pid), CLI_PATIENCE).toEqual([])
  })
  return {
    pid,
    exitCode,
    out: () => out,
    err: () => err,
    say: (line) => void child.stdin.write(`${line}\n`),
    signal: (signal) => void child.kill(signal),
  }
}

/** Words by blanks; quoted ones stay together. */
function split(words: string): string[] {
  return [...words.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
}

export async function untilUp({ out }: SimRun): Promise<void> {
  await expect.poll(out, CLI_PATIENCE).toContain('State changed from starting to up')
}
