/** `npm run lab -- WORDS` as a process of its own, with all that it starts in one group that can be counted. */

import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './stand-in-lab.ts'

export const LAB_MAIN = fileURLToPath(new URL('../../../../sim/main.ts', import.meta.url))

export interface Ended {
  readonly exitCode: number | null
  readonly out: string
  readonly err: string
  /** Whether anything that it started still runs. */
  readonly isLeftRunning: boolean
  /** Names in its folder. */
  readonly files: readonly string[]
}

/** @param variables beside those of this process; undefined unsets one */
export function labProcess(
  words: string,
  cwd = temporaryFolder(),
  variables: Record<string, string | undefined> = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what it leaves behind can be found.
    const child = spawn(process.execPath, [LAB_MAIN, ...words.split(' ')], {
      cwd,
      env: { ...process.env, ...variables },
      detached: true,
    })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.on('error', reject)
    child.on('close', (exitCode) => {
      const isLeftRunning = child.pid !== undefined && isGroupAlive(child.pid)
      resolve({ exitCode, out, err, isLeftRunning, files: readdirSync(cwd).toSorted() })
    })
  })
}

function isGroupAlive(groupId: number): boolean {
  try {
    process.kill(-groupId, 0)
    return true
  } catch {
    return false
  }
}
