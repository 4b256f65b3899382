/** Writes this process's heap to a file, for a debugger. Blocks the process while it does. */

export interface HeapFile {
  readonly path: string
  readonly bytes: number
}

export interface HeapWriter {
  /**
   * Keeps one file: the one before is removed once the new one is complete.
   * @throws Error when the file cannot be written; nothing half-written is left, and the one before stays
   */
  write(): HeapFile
}
