/**
 * Sees to it that nothing outlives the simulator, not even its SIGKILL: a small shell that waits for its
 * stdin to close, then kills every process that carries the simulator's mark and removes its folder.
 */

import { spawn } from 'node:child_process'

/** $1: the mark, $2: the folder. Twice, because the first round may miss what is being born. */
const GUARD = `
trap '' INT TERM HUP
read -r _
for round in 1 2; do
  for file in $(grep -lsaF "$1" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}
    kill -KILL "\${pid%/environ}" 2>/dev/null
  done
done
rm -rf "$2"
`

export interface ProcessGuard {
  /** Its process, for those who count processes. */
  readonly pid: number | undefined
  /** Lets it do its work now; resolves when it has ended. */
  release(): Promise<void>
}

export function startGuard(mark: string, folder: string): ProcessGuard {
  const guard = spawn('/bin/sh', ['-c', GUARD, 'sh', mark, folder], {
    detached: true,
    cwd: '/',
    // Not the environment of the simulator: nothing of a dyno may stand in the guard's own.
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.stdin.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => {
    guard.once('error', () => resolve())
    guard.once('close', () => resolve())
  })
  guard.unref()
  return {
    pid: guard.pid,
    release: () => {
      guard.ref()
      guard.stdin.end('\n')
      return ended
    },
  }
}
