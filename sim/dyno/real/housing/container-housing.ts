/**
 * A boot in a Docker container: the app is what the image holds, memory is limited by the kernel where Heroku has its
 * ceiling, and the network is this machine's own, so that the lab's servers are on 127.0.0.1 for the dyno, too.
 * Measured and signalled it is from outside, as processes of this machine; so the engine must run on its kernel.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { ContainerProcess } from '../../../docker/container-process.ts'
import { signalContainer } from '../../../docker/docker-engine.ts'
import { dynoEnvironment, environmentParts } from '../dyno-environment.ts'
import { memoryLimitBytes } from '../dyno-memory.ts'
import { signalAll } from '../dyno-processes.ts'
import type { DynoSite } from '../dyno-site.ts'
import { OutputLines } from '../output-lines.ts'
import { ContainerProcesses } from './container-processes.ts'
import type { DynoHousing, HousingStart, RunningDyno } from './dyno-housing.ts'

/** On every container of a simulation; the value is the simulation's id. */
export const SIM_LABEL = 'blacksky.heroku-sim'

/** From the start of a container's init to its child. */
const FIRST_PROCESS_LIMIT_MS = 1_000
const FIRST_PROCESS_STEP_MS = 5

export class ContainerHousing implements DynoHousing {
  readonly #site: DynoSite
  readonly #bootNumber: number
  #container: ContainerProcess | undefined

  constructor(site: DynoSite, bootNumber: number) {
    this.#site = site
    this.#bootNumber = bootNumber
  }

  /** The image has its files already. */
  prepare(): Promise<void> {
    return Promise.resolve()
  }

  async start({ port, onLine, onOutOfMemory, onHostFailed, onExit }: HousingStart): Promise<RunningDyno> {
    const site = this.#site
    const { dyno, command } = site
    if (dyno.kind !== 'container') throw new Error('the dyno is no container')
    const lines = { stdout: new OutputLines(onLine), stderr: new OutputLines(onLine) }
    const container = new ContainerProcess({
      image: dyno.image,
      command: [command.file, ...command.args],
      environment: dynoEnvironment(environmentParts(site, this.#bootNumber, port), undefined),
      labels: { [SIM_LABEL]: site.mark[1] },
      user: ownUser(),
      memoryLimitBytes: memoryLimitBytes(site),
      mounts: dyno.mounts,
      writableMounts: dyno.writableMounts ?? [],
      onOutput: ({ stream, bytes }) => lines[stream].push(bytes),
      onOutOfMemory,
      onEngineGone: () => onHostFailed('the Docker engine has gone, and its container with it'),
      onExit,
    })
    this.#container = container
    const { id, initPid } = await container.start()
    const processes = new ContainerProcesses(id, initPid)
    return {
      pid: await firstProcess(processes),
      place: id,
      processes,
      kill: () => {
        signalAll(processes, 'SIGKILL')
        // Ends the init, and so whatever is born meanwhile.
        void signalContainer(id, 'SIGKILL')
      },
      lastWords: async () => {
        await container.lastWords()
        for (const rest of [lines.stdout, lines.stderr]) rest.end()
      },
    }
  }

  async dispose(): Promise<void> {
    await this.#container?.remove()
  }
}

/**
 * Whoever runs the simulator: others' processes could be neither measured nor signalled, and what is mounted is theirs.
 */
function ownUser(): { readonly uid: number; readonly gid: number } {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
}

/** The init's child; 0 when it has ended already. */
async function firstProcess(processes: ContainerProcesses): Promise<number> {
  const endMs = performance.now() + FIRST_PROCESS_LIMIT_MS
  while (performance.now() < endMs) {
    const first = processes.living()[0]
    if (first !== undefined) return first.pid
    if (!processes.isRunning) return 0
    await delay(FIRST_PROCESS_STEP_MS)
  }
  return 0
}
