/**
 * The processes of a container as this machine sees them: those of its control group, less the engine's init, which
 * is no part of the app. Read from the group's own list, which is exact and quicker than a walk through /proc.
 */

import type { DynoProcesses } from '../dyno-processes.ts'
import { parseStat, readProcFile } from '../process-table.ts'
import type { ProcessEntry } from '../process-table.ts'

export class ContainerProcesses implements DynoProcesses {
  readonly #initPid: number
  readonly #listFile: string | undefined

  /** @throws Error when the container runs out of this machine's sight */
  constructor(containerId: string, initPid: number) {
    this.#initPid = initPid
    if (initPid === 0) return
    const groups = readProcFile(`/proc/${initPid}/cgroup`)
    // Gone before it could be looked at: it has no processes any more.
    if (groups === undefined) return
    const folder = groupFolder(groups, containerId)
    if (folder === undefined) {
      throw new Error(
        'the container runs on another machine than the simulator, which cannot measure it there',
      )
    }
    this.#listFile = `${folder}/cgroup.procs`
  }

  /** Whether its init still lives. */
  get isRunning(): boolean {
    const init = this.#initPid === 0 ? undefined : readEntry(this.#initPid)
    return init !== undefined && !init.isZombie
  }

  living(): ProcessEntry[] {
    if (this.#listFile === undefined) return []
    return (readProcFile(this.#listFile) ?? '')
      .split('\n')
      .map(Number)
      .filter((pid) => pid !== 0 && pid !== this.#initPid)
      .flatMap((pid) => readEntry(pid) ?? [])
      .filter(({ isZombie }) => !isZombie)
  }
}

/**
 * Where the kernel shows a container's control group, by version 2 or by the memory controller of version 1.
 * Undefined when the groups are not this container's. Pure.
 * @param groups the text of /proc/<pid>/cgroup
 */
export function groupFolder(groups: string, containerId: string): string | undefined {
  for (const line of groups.split('\n')) {
    const [, controllers, path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (controllers === undefined || !path.includes(containerId)) continue
    if (controllers === '') return `/sys/fs/cgroup${path}`
    if (controllers.split(',').includes('memory')) return `/sys/fs/cgroup/memory${path}`
  }
  return undefined
}

function readEntry(pid: number): ProcessEntry | undefined {
  return parseStat(readProcFile(`/proc/${pid}/stat`) ?? '')
}
