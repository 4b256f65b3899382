/**
 * How many messages may wait to be handled, inside Baileys and before it, where no queue has a bound: with key
 * writes that hang, 6,000 messages of 1 kB took 86 MB. Beyond the bound the transport is read no further until half
 * of them are handled; TCP then makes the server wait. Surprising: reading stops for everything, so a pause that lasts
 * ends the connection by its own keep-alive, which is right, since nothing gets through; and a message that cannot be
 * handled without an answer of the server's would wait for what stands behind it, so for that reading goes on.
 */

export interface BackpressureDeps {
  readonly maxWaiting: number
  pause(): void
  resume(): void
}

export class Backpressure {
  readonly #deps: BackpressureDeps
  #waiting = 0
  /** From beyond the bound until half of it. */
  #isFull = false
  #questions = 0
  #isPaused = false

  constructor(deps: BackpressureDeps) {
    this.#deps = deps
  }

  arrived(): void {
    this.#waiting += 1
    if (this.#waiting > this.#deps.maxWaiting) this.#isFull = true
    this.#apply()
  }

  ended(): void {
    this.#waiting -= 1
    if (this.#waiting <= this.#deps.maxWaiting / 2) this.#isFull = false
    this.#apply()
  }

  /** Does not stop reading before `question` is answered; what comes in its way is bounded by that time alone. */
  async whileAsking<T>(question: () => Promise<T>): Promise<T> {
    this.#questions += 1
    this.#apply()
    try {
      return await question()
    } finally {
      this.#questions -= 1
      this.#apply()
    }
  }

  #apply(): void {
    const shallPause = this.#isFull && this.#questions === 0
    if (shallPause === this.#isPaused) return
    this.#isPaused = shallPause
    if (shallPause) this.#deps.pause()
    else this.#deps.resume()
  }
}
