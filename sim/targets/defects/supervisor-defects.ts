/** Supervisors made wrong in one place, behind one of their ports. */

import type { ChildProcessSpawner } from '../../../src/ports/child-process.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { SupervisorPorts } from '../target.ts'

type SpawnOptions = Parameters<ChildProcessSpawner['spawn']>[0]
type Spawned = ReturnType<ChildProcessSpawner['spawn']>

/** Never looks after the heartbeat. */
export function neverLooking(clock: Clock): Clock {
  return {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    setTimer: (label, delayMs, callback) =>
      clock.setTimer(label, delayMs, label === 'supervisor.look' ? () => undefined : callback),
  }
}

/** Takes a bot for ended as soon as it has sent the signal, which takes its effect two seconds later. */
export function notAwaitingEnds({ spawner, clock }: SupervisorPorts): ChildProcessSpawner {
  return withSpawn((options) => {
    const child = spawner.spawn({ ...options, onExit: () => undefined })
    return withKill(child, (signal) => {
      clock.setTimer('late-kill', 2_000, () => child.kill(signal))
      clock.setTimer('early-end', 1, () =>
        options.onExit({ exitCode: undefined, signal, spawnError: undefined }),
      )
    })
  })
}

/** Cannot tell how much CPU the bot uses. */
export function blindForCpu({ spawner }: SupervisorPorts): ChildProcessSpawner {
  return withSpawn((options) => {
    const child = spawner.spawn(options)
    return {
      id: child.id,
      send: (message) => child.send(message),
      kill: (signal) => child.kill(signal),
      cpuTimeMs: () => undefined,
    }
  })
}

/** Leaves the dyno with its first bot. */
export function leavingWithTheBot({ spawner, exit }: SupervisorPorts): ChildProcessSpawner {
  return withSpawn((options) => spawner.spawn({ ...options, onExit: () => exit.exit('fault') }))
}

/** Kills the bot as soon as it tells it to stop. */
export function killingAtSigterm({ spawner }: SupervisorPorts): ChildProcessSpawner {
  return withSpawn((options) => {
    const child = spawner.spawn(options)
    return { ...withKill(child, (signal) => child.kill(signal)), send: () => child.kill('SIGKILL') }
  })
}

function withSpawn(spawn: (options: SpawnOptions) => Spawned): ChildProcessSpawner {
  return {
    spawn: (options) =>
      spawn({
        env: options.env,
        onMessage: (message) => options.onMessage(message),
        onExit: (exit) => options.onExit(exit),
      }),
  }
}

function withKill(child: Spawned, kill: Spawned['kill']): Spawned {
  return { id: child.id, send: (message) => child.send(message), cpuTimeMs: () => child.cpuTimeMs(), kill }
}
