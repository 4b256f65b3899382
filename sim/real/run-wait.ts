/** Waits on a run's clock, tells how far it is meanwhile, and ends early when the run has failed. */

import { setTimeout as delay } from 'node:timers/promises'

export interface RunWaitOptions {
  /** Of the run. */
  nowMs(): number
  hasFailed(): boolean
  onProgress(atMs: number): void
}

const PROGRESS_EVERY_MS = 500
/** So often it is asked whether what is late is ready. */
const LOOK_AGAIN_MS = 5

export class RunWait {
  readonly #options: RunWaitOptions

  constructor(options: RunWaitOptions) {
    this.#options = options
  }

  /** Until `atMs` at the earliest, and until it is ready. */
  async until(atMs: number, isReady = (): boolean => true): Promise<void> {
    const run = this.#options
    while (!run.hasFailed() && (run.nowMs() < atMs || !isReady())) {
      await delay(Math.min(PROGRESS_EVERY_MS, Math.max(LOOK_AGAIN_MS, atMs - run.nowMs())))
      run.onProgress(run.nowMs())
    }
  }
}
