/**
 * The part of a bounded queue that lives in the journal only. While the backlog is behind, the journal may
 * hold items that memory lacks; new items must then take their turn through the journal too, or they would
 * overtake. The owner keeps the queue and decides when there is room; this reads, and knows what a read misses.
 *
 * A read is a snapshot: an item may be finished while the answer is under way. Such items are remembered until
 * the read ends, so that nothing is done twice. Their number is bounded by the queue, as a queue takes nothing
 * in directly during a read.
 */

export interface BacklogDeps<Item> {
  /** How many items `read` asks for; more than the queue holds when `hasRoom`. */
  readonly pageSize: number
  /** Oldest first. */
  read(): Promise<readonly Item[]>
  keyOf(item: Item): string
  has(key: string): boolean
  /** `later`: it must not be taken in yet; the owner calls `markBehind` and reads again when it may. */
  add(item: Item): 'added' | 'full' | 'later'
  /** Whether the queue has drained enough for a read to be worth it. */
  hasRoom(): boolean
  onFailure(error: unknown): void
}

export class Backlog<Item> {
  readonly #deps: BacklogDeps<Item>
  #isBehind = true
  #reading: { readonly finishedKeys: Set<string> } | undefined

  constructor(deps: BacklogDeps<Item>) {
    this.#deps = deps
  }

  /** True from the start, until a first read has shown that nothing is missing. */
  get isBehind(): boolean {
    return this.#isBehind || this.#reading !== undefined
  }

  /** Behind, and no read under way. */
  get wantsRead(): boolean {
    return this.#isBehind && this.#reading === undefined
  }

  /** The journal holds, or may hold, an item that memory lacks. */
  markBehind(): void {
    this.#isBehind = true
  }

  /** Call for every item that leaves the queue for good. */
  noteFinished(key: string): void {
    this.#reading?.finishedKeys.add(key)
  }

  /** Memory was dropped: a read under way counts for nothing. */
  forget(): void {
    this.#reading = undefined
    this.#isBehind = true
  }

  /** Reads while behind and while there is room. Never rejects: a failed read is reported, and still behind. */
  async catchUp(): Promise<void> {
    let isProgress = true
    while (isProgress && this.wantsRead && this.#deps.hasRoom()) {
      isProgress = await this.#readPage()
    }
  }

  async #readPage(): Promise<boolean> {
    const reading = { finishedKeys: new Set<string>() }
    this.#reading = reading
    this.#isBehind = false
    const page = await this.#deps.read().catch((error: unknown) => {
      if (this.#reading === reading) this.#deps.onFailure(error)
    })
    if (this.#reading !== reading) return false
    this.#reading = undefined
    if (page === undefined) this.#isBehind = true
    return page !== undefined && this.#takeIn(page, reading.finishedKeys)
  }

  /** False when nothing new came of an incomplete page: reading again at once would bring the same. */
  #takeIn(page: readonly Item[], finishedKeys: ReadonlySet<string>): boolean {
    const deps = this.#deps
    let isComplete = page.length < deps.pageSize
    let isAnyNew = finishedKeys.size > 0
    for (const item of page) {
      const key = deps.keyOf(item)
      if (deps.has(key) || finishedKeys.has(key)) continue
      const outcome = deps.add(item)
      if (outcome === 'added') isAnyNew = true
      else isComplete = false
      if (outcome === 'full') break
    }
    if (!isComplete) this.#isBehind = true
    return isComplete || isAnyNew
  }
}
