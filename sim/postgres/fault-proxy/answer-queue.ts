/** Whose answers a server is still to give on one connection, and what is to be done with each. */

import { readyStatus } from './wire.ts'
import type { WireMessage } from './wire.ts'

/**
 * `swallowed`: asked by the proxy itself. `cut-at-end`: the client is cut off instead of hearing it. `held`: kept back
 * whole until it is known what becomes of it. `watched`: passes, and its end is of interest.
 */
export type Answer = 'client' | 'swallowed' | 'cut-at-end' | 'held' | 'watched'

export class AnswerQueue {
  /** The start of a session is answered with a ReadyForQuery too. */
  readonly #answers: Answer[] = ['client']
  #status = 'I'

  /** Nothing runs on the connection. */
  get isEmpty(): boolean {
    return this.#answers.length === 0
  }

  /** As of the last answer. */
  get isInTransaction(): boolean {
    return this.#status !== 'I'
  }

  includes(answer: Answer): boolean {
    return this.#answers.includes(answer)
  }

  add(answer: Answer): void {
    this.#answers.push(answer)
  }

  /** Which answer this message of the server belongs to; ends it when it is the last of it. */
  read(message: WireMessage): { readonly answer: Answer; readonly isLast: boolean } {
    const answer = this.#answers[0] ?? 'client'
    const isLast = message.type === 'Z'
    if (isLast) {
      this.#status = readyStatus(message)
      this.#answers.shift()
    }
    return { answer, isLast }
  }
}
