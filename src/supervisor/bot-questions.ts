/** Questions to the bot that wait for their answer: bounded in number and time, and none outlives its bot. */

import { AppError } from '../errors.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { BotAnswer } from './process-messages.ts'

interface Open {
  readonly timer: Timer
  settle(answer: BotAnswer): void
  fail(error: AppError): void
}

/** People ask through pages: more than a few at once is no person. */
const MAX_OPEN = 16

export class BotQuestions {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #open = new Map<number, Open>()
  #nextId = 1

  constructor(deps: { readonly clock: Clock }, timeoutMs: number) {
    this.#clock = deps.clock
    this.#timeoutMs = timeoutMs
  }

  /**
   * @param send puts the question on its way, under this id
   * @throws AppError `queue-full`; `timed-out`; `aborted` when the bot ends before it answers
   */
  ask(send: (id: number) => void): Promise<BotAnswer> {
    if (this.#open.size >= MAX_OPEN)
      return Promise.reject(new AppError('queue-full', `${MAX_OPEN} questions to the bot are open already`))
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer('supervisor.answer', this.#timeoutMs, () => {
        this.#open.delete(id)
        reject(new AppError('timed-out', `the bot did not answer within ${this.#timeoutMs} ms`))
      })
      this.#open.set(id, { timer, settle: resolve, fail: reject })
      send(id)
    })
  }

  /** An answer that nobody waits for any more is passed over. */
  answered(id: number, answer: BotAnswer): void {
    const open = this.#open.get(id)
    this.#open.delete(id)
    open?.timer.cancel()
    open?.settle(answer)
  }

  /** The bot has ended: nothing that was asked will be answered. */
  abandon(): void {
    for (const open of this.#open.values()) {
      open.timer.cancel()
      open.fail(new AppError('aborted', 'the bot process ended before it answered'))
    }
    this.#open.clear()
  }
}
