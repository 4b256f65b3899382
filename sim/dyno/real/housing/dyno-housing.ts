/**
 * What holds the files and processes of one boot. real-dyno.ts owns a boot's life and rules, and knows no more of
 * its housing than this.
 */

import type { DynoProcesses } from '../dyno-processes.ts'

export interface DynoHousing {
  /** Makes its files. @throws Error */
  prepare(): Promise<void>
  /** Starts the first process, once. @throws Error when there is nothing whose end `onExit` could tell */
  start(options: HousingStart): Promise<RunningDyno>
  /** Removes the files, when no process is left; may be called at any time, and twice. */
  dispose(): Promise<void>
}

export interface HousingStart {
  readonly port: number
  readonly onLine: (text: string) => void
  /** The kernel has killed a process at the memory limit; others may live on. */
  readonly onOutOfMemory: () => void
  /** What it runs in has gone, and nobody knows how its processes ended; `onExit` follows. */
  readonly onHostFailed: (why: string) => void
  /**
   * Once, after `start` has resolved. 128 plus the signal's number when a signal ended it, 127 or 126 when the
   * command could not be run.
   */
  readonly onExit: (status: number) => void
}

export interface RunningDyno {
  /** The first process, as this machine numbers it; undefined when the command could not be run. */
  readonly pid: number | undefined
  readonly place: string
  readonly processes: DynoProcesses
  /** SIGKILL for all of it, in a way that cannot miss the first process. */
  kill(): void
  /** Resolves when what it printed has been read. */
  lastWords(): Promise<void>
}
