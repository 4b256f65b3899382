/**
 * Which processes belong together, from /proc. The platform counts every process of a dyno, the `npm start`
 * around the bot included. Reads every process's parent: /proc/<pid>/task/<pid>/children is cheaper, but
 * not in every kernel.
 */

import { readdirSync, readFileSync } from 'node:fs'

/** The process and all its descendants, ascending; empty when there is no /proc or no such process. */
export function processTreePids(rootPid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of procEntries()) {
    const pid = Number(name)
    const parentPid = parentOf(pid)
    if (parentPid !== undefined) parents.set(pid, parentPid)
  }
  return [...parents.keys()].filter((pid) => isWithin(pid, rootPid, parents)).toSorted((a, b) => a - b)
}

function procEntries(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

/** The fourth field of stat; the second, the command's name, may itself hold spaces and brackets. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined // It has ended meanwhile.
  }
}

function isWithin(pid: number, rootPid: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 0; at = parents.get(at)) {
    if (at === rootPid) return parents.has(rootPid)
  }
  return false
}
