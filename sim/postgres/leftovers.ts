/**
 * What runs that were killed left behind. The keepers normally see to it; this is for a machine that lost
 * power or a Docker engine that lost its client. A day's grace, because another machine's process under the
 * same pid cannot be told from ours.
 */

import { readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The pid of the owner follows, then a dash and random letters. Short: socket paths end at 107 bytes. */
export const FOLDER_PREFIX = 'blacksky-pg-'
/** The same of workers, which hold a copy of Node. */
export const WORKER_FOLDER_PREFIX = 'lab-worker-'

const GRACE_MS = 24 * 3_600_000

export function isLeftover(ownerPid: number, createdAtMs: number, nowMs = Date.now()): boolean {
  return nowMs - createdAtMs > GRACE_MS && !isAlive(ownerPid)
}

/** Removes the folders of dead runs; what cannot be removed stays for the next time. */
export function sweepFolders(parent = tmpdir(), nowMs = Date.now()): void {
  for (const name of readdirSync(parent)) {
    const prefix = [FOLDER_PREFIX, WORKER_FOLDER_PREFIX].find((each) => name.startsWith(each))
    if (prefix === undefined) continue
    const folder = join(parent, name)
    const pid = Number.parseInt(name.slice(prefix.length), 10)
    try {
      if (isLeftover(pid, statSync(folder).mtimeMs, nowMs)) rmSync(folder, { recursive: true, force: true })
    } catch {
      // Another run removes it at this moment, or it belongs to another user.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Anything but "no such process" means that there is one.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}
