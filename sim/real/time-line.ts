/** What is to be done at moments of a run's clock, and whether any of it is still to come or under way. */

export interface TimeLineOptions {
  /** Of the run. */
  nowMs(): number
  /** Something could not be done. */
  onFailure(error: unknown): void
}

export class TimeLine {
  readonly #options: TimeLineOptions
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Scheduled or under way. */
  #pending = 0

  constructor(options: TimeLineOptions) {
    this.#options = options
  }

  /** Whether all of it is done. */
  get isIdle(): boolean {
    return this.#pending === 0
  }

  /** @param atMs on the run's clock, which may show more than 0 by now; what was due before is done at once */
  at(atMs: number, action: () => void | Promise<void>): void {
    this.#pending += 1
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        void this.#do(action)
      },
      Math.max(0, atMs - this.#options.nowMs()),
    )
    this.#timers.add(timer)
  }

  /** What is under way goes on. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  async #do(action: () => void | Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      this.#options.onFailure(error)
    } finally {
      this.#pending -= 1
    }
  }
}
