/** Writes files whole or not at all: beside the place, flushed, then renamed over it. */

import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Makes missing folders. A reader sees the old content or the new one, never half of it. */
export function writeAtomically(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const besidePath = `${path}.${process.pid}.tmp`
  try {
    const file = openSync(besidePath, 'w')
    try {
      writeFileSync(file, content)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(besidePath, path)
  } catch (error) {
    rmSync(besidePath, { force: true })
    throw error
  }
}
