/** Runs asynchronous tasks one after another, in the order in which they were given. */

export class TaskQueue {
  #last: Promise<unknown> = Promise.resolve()

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(task)
    // The next task runs whether this one succeeded or not; its failure belongs to whoever called `run`.
    this.#last = result.catch(() => undefined)
    return result
  }

  /** Resolves when everything given so far has run. */
  async idle(): Promise<void> {
    await this.#last
  }
}
