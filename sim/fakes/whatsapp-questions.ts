/**
 * Questions to the server that wait for their answer: pings and probes, each with Baileys' query deadline.
 * At most one timer a question; the end of the socket rejects them all.
 */

import { AppError } from '../../src/errors.ts'
import type { ScheduledEvent, Scheduler } from '../world/scheduler.ts'
import type { VirtualProcess } from '../world/virtual-process.ts'
import { QUERY_TIMEOUT_MS } from './whatsapp-rules.ts'

interface Question {
  readonly timer: ScheduledEvent
  resolve(): void
  reject(error: AppError): void
}

export class Questions {
  readonly #scheduler: Scheduler
  readonly #process: VirtualProcess
  readonly #open = new Map<number, Question>()
  #count = 0

  constructor(scheduler: Scheduler, process: VirtualProcess) {
    this.#scheduler = scheduler
    this.#process = process
  }

  /** @throws AppError `timed-out` without an answer, or what `rejectAll` gives */
  ask(kind: 'ping' | 'probe', send: (questionId: number) => void): Promise<void> {
    const id = this.#count++
    return new Promise((resolve, reject) => {
      const timer = this.#scheduler.schedule(`wa.${kind}-timeout`, QUERY_TIMEOUT_MS, () =>
        this.#process.deliver(() => {
          if (this.#open.delete(id)) reject(new AppError('timed-out', `${kind}: no answer from the server`))
        }),
      )
      this.#open.set(id, { timer, resolve, reject })
      send(id)
    })
  }

  answer(id: number): void {
    const question = this.#open.get(id)
    if (question === undefined) return
    this.#open.delete(id)
    question.timer.cancel()
    question.resolve()
  }

  rejectAll(error: AppError): void {
    for (const question of this.#open.values()) {
      question.timer.cancel()
      question.reject(error)
    }
    this.#open.clear()
  }
}
