/**
 * Which processes belong to a dyno that runs on this machine itself. A container knows its processes; here
 * they are found by parent, process group, session, and, for those that broke with all three, by a mark in
 * the environment that every descendant inherits. What was once found stays known.
 */

import type { DynoProcesses } from './dyno-processes.ts'
import { readProcFile, readProcesses } from './process-table.ts'
import type { ProcessEntry } from './process-table.ts'

export interface DynoTreeOptions {
  /** The first process; leader of a session of its own. */
  readonly leaderPid: number
  /** `NAME=value` as it stands in the environment of each. */
  readonly mark: string
}

export class DynoTree implements DynoProcesses {
  readonly #options: DynoTreeOptions
  /** pid → start of it: ours, also after its parents have ended. */
  #members = new Map<number, number>()
  /** Looked at and found foreign. */
  #foreign = new Map<number, number>()

  constructor(options: DynoTreeOptions) {
    this.#options = options
  }

  /** The living processes of the dyno; zombies are not among them. */
  living(): ProcessEntry[] {
    const all = readProcesses()
    const byPid = new Map(all.map((entry) => [entry.pid, entry]))
    const isMember = new Map<number, boolean>()
    const decide = (entry: ProcessEntry): boolean => {
      const known = isMember.get(entry.pid)
      if (known !== undefined) return known
      // Guards against a loop of parents, which the kernel never shows but a torn reading could.
      isMember.set(entry.pid, false)
      const parent = byPid.get(entry.parentPid)
      const isOurs = this.#isOurs(entry) || (parent !== undefined && decide(parent))
      isMember.set(entry.pid, isOurs)
      return isOurs
    }
    const members = all.filter(decide)
    this.#members = new Map(members.map(({ pid, startTicks }) => [pid, startTicks]))
    this.#foreign = new Map(
      all.filter(({ pid }) => isMember.get(pid) === false).map(({ pid, startTicks }) => [pid, startTicks]),
    )
    return members.filter(({ isZombie }) => !isZombie)
  }

  #isOurs(entry: ProcessEntry): boolean {
    const { leaderPid, mark } = this.#options
    const { pid, startTicks } = entry
    if (this.#members.get(pid) === startTicks) return true
    if (entry.sessionId === leaderPid || entry.groupId === leaderPid) return true
    if (this.#foreign.get(pid) === startTicks) return false
    return `\0${readProcFile(`/proc/${pid}/environ`) ?? ''}`.includes(`\0${mark}\0`)
  }
}
