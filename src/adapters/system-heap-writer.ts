/**
 * Heap snapshots as files in a folder of their own under the system's temporary one, which on a dyno ends with
 * the dyno. Readable by this user only: a heap holds keys and messages. A snapshot outlives its bot, so that it can
 * still be downloaded; what dynos left behind that have ended is removed with the next one that is taken.
 */

import { mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeHeapSnapshot } from 'node:v8'
import type { HeapFile, HeapWriter } from '../ports/heap-writer.ts'

const PARTIAL = 'partial'
const PREFIX = 'blacksky-heap-'

export class SystemHeapWriter implements HeapWriter {
  readonly #parent: string
  readonly #dynoPid: number
  #folder: string | undefined
  #written = 0

  /** @param options.dynoPid the process whose end is the end of its snapshots */
  constructor(options: { readonly parentFolder?: string; readonly dynoPid: number }) {
    this.#parent = options.parentFolder ?? tmpdir()
    this.#dynoPid = options.dynoPid
  }

  write(): HeapFile {
    const folder = (this.#folder ??= this.#makeFolder())
    const partial = join(folder, PARTIAL)
    try {
      writeHeapSnapshot(partial)
      const name = `bot-${process.pid}-${++this.#written}.heapsnapshot`
      const path = join(folder, name)
      renameSync(partial, path)
      for (const other of readdirSync(folder)) if (other !== name) rmSync(join(folder, other))
      return { path, bytes: statSync(path).size }
    } catch (error) {
      rmSync(partial, { force: true })
      throw error
    }
  }
  #makeFolder(): string {
    for (const name of readdirSync(this.#parent)) {
      const dynoPid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
      if (dynoPid !== undefined && hasEnded(Number(dynoPid))) removeIfOurs(join(this.#parent, name))
    }
    // mkdtemp makes it accessible to its owner alone.
    return mkdtempSync(join(this.#parent, `${PREFIX}${this.#dynoPid}-`))
  }
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

/** Another user's folder cannot be removed, and need not be. */
function removeIfOurs(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {
    return
  }
}
