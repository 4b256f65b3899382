/**
 * Sees to it that nothing outlives the simulator, not even its SIGKILL: a small shell that waits for its
 * stdin to close, then kills every process that carries the simulator's mark and removes its folder, and its
 * containers where it has some.
 */

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const REMOVE_MAIN = fileURLToPath(new URL('../../docker/remove-main.ts', import.meta.url))

/**
 * $1: the mark, $2: the folder, then perhaps a command. Twice, because the first round may miss what is being
 * born. It says nothing, but keeps the simulator's stderr open: who reads that to its end, as the lab does of its
 * workers, knows then that all has been put away.
 */
const GUARD = `
exec 3>&2 2>/dev/null
trap '' INT TERM HUP
read -r _
for round in 1 2; do
  for file in $(grep -lsaF "$1" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}
    kill -KILL "\${pid%/environ}" 2>/dev/null
  done
done
rm -rf "$2"
shift 2
[ $# -eq 0 ] || exec "$@"
`

export interface ProcessGuard {
  /** Its process, for those who count processes. */
  readonly pid: number | undefined
  /** Lets it do its work now; resolves when it has ended. */
  release(): Promise<void>
}

export interface GuardOptions {
  /** Stands in the environment of every process of the simulator. */
  readonly mark: string
  readonly folder: string
  /** Of the simulator's containers; undefined when it has none. */
  readonly containerLabel: string | undefined
}

export function startGuard({ mark, folder, containerLabel }: GuardOptions): ProcessGuard {
  const removal = containerLabel === undefined ? [] : [process.execPath, REMOVE_MAIN, containerLabel]
  const guard = spawn('/bin/sh', ['-c', GUARD, 'sh', mark, folder, ...removal], {
    detached: true,
    cwd: '/',
    // Not the environment of the simulator: nothing of a dyno may stand in the guard's own.
    env: pick(process.env, ['PATH', 'HOME', 'DOCKER_HOST']),
    stdio: ['pipe', 'ignore', 'inherit'],
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

function pick(environment: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (name in environment ? [[name, environment[name]]] : [])))
}
