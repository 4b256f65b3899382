/**
 * How many messages may wait to be handled, inside Baileys and before it, where no queue has a bound: with key
 * writes that hang, 6,000 messages of 1 kB took 86 MB. Beyond the bound the transport is read no further until half
 * of them are handled; TCP then makes the server wait. Surprising: reading stops for pongs, too, so a pause that
 * lasts ends the connection by its own keep-alive, which is right: nothing gets through.
 */

export interface BackpressureDeps {
  readonly maxWaiting: number
  pause(): void
  resume(): void
}

export class Backpressure {
  readonly #deps: BackpressureDeps
  #waiting = 0
  #isPaused = false

  constructor(deps: BackpressureDeps) {
    this.#deps = deps
  }

  arrived(): void {
    this.#waiting += 1
    if (this.#isPaused || this.#waiting <= this.#deps.maxWaiting) return
    this.#isPaused = true
    this.#deps.pause()
  }

  ended(): void {
    this.#waiting -= 1
    if (!this.#isPaused || this.#waiting > this.#deps.maxWaiting / 2) return
    this.#isPaused = false
    this.#deps.resume()
  }
}
