/** Counts pieces of work that are under way, so that a `stop()` can wait until there are none. */

export class ActiveWork {
  #count = 0
  #waiting: (() => void)[] = []

  /** Resolves as `work` does; counted until then. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#count += 1
    try {
      return await work()
    } finally {
      this.#count -= 1
      if (this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve()
    }
  }

  get count(): number {
    return this.#count
  }

  /** Resolves when nothing is under way; at once when nothing is. */
  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
