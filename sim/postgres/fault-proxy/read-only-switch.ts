/** Whether one session at the server is to refuse writes, and the statement that makes it so. */

import type { AnswerQueue } from './answer-queue.ts'
import { query } from './wire.ts'

export class ReadOnlySwitch {
  #isReadOnly = false

  /**
   * What to ask of the server before the client's next statement, its answer to be swallowed; empty when nothing is
   * to change. Only between transactions: within one the server allows a change in one direction only.
   */
  turn(isWanted: boolean, answers: AnswerQueue): Buffer {
    if (isWanted === this.#isReadOnly || !answers.isEmpty || answers.isInTransaction) return Buffer.alloc(0)
    this.#isReadOnly = isWanted
    answers.add('swallowed')
    return query(`SET SESSION CHARACTERISTICS AS TRANSACTION ${isWanted ? 'READ ONLY' : 'READ WRITE'}`)
  }
}
