/** A list that forgets its oldest items beyond a limit, and counts them. */

export class BoundedList<Item> {
  readonly #limit: number
  #items: Item[] = []
  #forgotten = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get length(): number {
    return this.#items.length
  }

  get forgotten(): number {
    return this.#forgotten
  }

  push(item: Item): void {
    this.#items.push(item)
    // Cut in large pieces: cutting one item at a time would copy the whole list each time.
    if (this.#items.length < this.#limit * 1.25) return
    const excess = this.#items.length - this.#limit
    this.#items = this.#items.slice(excess)
    this.#forgotten += excess
  }

  /** The oldest that matches. */
  find(matches: (item: Item) => boolean): Item | undefined {
    return this.#items.find((item) => matches(item))
  }

  /** A copy, oldest first. */
  toArray(): Item[] {
    return [...this.#items]
  }
}
