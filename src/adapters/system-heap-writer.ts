/**
 * Heap snapshots as files in a folder of their own under the system's temporary one, which on a dyno ends with
 * the dyno. Readable by this user only: a heap holds keys and messages.
 */

import { mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeHeapSnapshot } from 'node:v8'
import type { HeapFile, HeapWriter } from '../ports/heap-writer.ts'

const PARTIAL = 'partial'

export class SystemHeapWriter implements HeapWriter {
  readonly #parent: string
  #folder: string | undefined
  #written = 0

  constructor(options: { readonly parentFolder?: string } = {}) {
    this.#parent = options.parentFolder ?? tmpdir()
  }

  write(): HeapFile {
    // mkdtemp makes it accessible to its owner alone.
    this.#folder ??= mkdtempSync(join(this.#parent, 'blacksky-heap-'))
    const folder = this.#folder
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
}
