/**
 * One direction of a connection: frames arrive after a latency and in the order they were written. While the
 * network is stalled they are held, and arrive together when it goes on, as TCP's retransmissions do. What
 * the two ends make of a frame, and whether they still want it, is theirs.
 */

import type { Scheduler } from '../world/scheduler.ts'

/** What all pipes share: whether anything goes through, and which of them hold frames back. */
export class Network {
  readonly #isStalled: () => boolean
  #holding: Pipe[] = []

  constructor(isStalled: () => boolean) {
    this.#isStalled = isStalled
  }

  get isStalled(): boolean {
    return this.#isStalled()
  }

  /** For a pipe that begins to hold frames. */
  noteHolding(pipe: Pipe): void {
    this.#holding.push(pipe)
  }

  /** The stall is over: what was held arrives now. */
  release(): void {
    const holding = this.#holding
    this.#holding = []
    for (const pipe of holding) pipe.release()
  }
}

export interface PipeOptions {
  readonly label: string
  readonly scheduler: Scheduler
  readonly network: Network
  /** Runs the frame's action at the receiving end. */
  arrive(action: () => void): void
}

export class Pipe {
  readonly #options: PipeOptions
  #lastArrivalMs = 0
  #held: (() => void)[] = []

  constructor(options: PipeOptions) {
    this.#options = options
  }

  /** @param spacingMs least distance to the frame before */
  send(latencyMs: number, action: () => void, spacingMs = 0): void {
    const { scheduler, label } = this.#options
    const arrivalMs = Math.max(scheduler.nowMs + latencyMs, this.#lastArrivalMs + spacingMs)
    this.#lastArrivalMs = arrivalMs
    scheduler.schedule(label, arrivalMs - scheduler.nowMs, () => {
      if (this.#options.network.isStalled) this.#hold(action)
      else this.#options.arrive(action)
    })
  }

  release(): void {
    const held = this.#held
    this.#held = []
    for (const action of held) this.#options.arrive(action)
  }

  #hold(action: () => void): void {
    if (this.#held.length === 0) this.#options.network.noteHolding(this)
    this.#held.push(action)
  }
}
