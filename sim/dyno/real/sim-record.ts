/**
 * The last lines and events of a simulation, and waiting for one of them. Bounded: as many lines as Heroku
 * keeps (1,500), and so many events as a day of samples and requests needs.
 */

import type { DynoEvent, MemorySampleEvent } from './dyno-event.ts'
import { formatLogLine } from './log-line.ts'
import type { LogLine } from './log-line.ts'

const MAX_LINES = 1_500
const MAX_EVENTS = 10_000

interface Waiter {
  isMet(event: DynoEvent): boolean
  resolve(event: DynoEvent): void
}

export class SimRecord {
  readonly #lines: LogLine[] = []
  readonly #events: DynoEvent[] = []
  readonly #waiters = new Set<Waiter>()

  get lines(): readonly LogLine[] {
    return this.#lines
  }

  get events(): readonly DynoEvent[] {
    return this.#events
  }

  get samples(): readonly MemorySampleEvent[] {
    return this.#events.filter((event) => event.kind === 'sample')
  }

  /** The whole log as Heroku would print it. */
  text(): string {
    return this.#lines.map(formatLogLine).join('\n')
  }

  addLine(line: LogLine): void {
    this.#lines.push(line)
    if (this.#lines.length > MAX_LINES) this.#lines.shift()
  }

  addEvent(event: DynoEvent): void {
    this.#events.push(event)
    if (this.#events.length > MAX_EVENTS) this.#events.shift()
    for (const waiter of this.#waiters) if (waiter.isMet(event)) waiter.resolve(event)
  }

  /** The first event, past ones included, that meets the condition. @throws Error when it takes too long */
  async until(isMet: (event: DynoEvent) => boolean, withinMs: number): Promise<DynoEvent> {
    const past = this.#events.find(isMet)
    if (past !== undefined) return past
    const { promise, resolve, reject } = Promise.withResolvers<DynoEvent>()
    const waiter = { isMet, resolve }
    this.#waiters.add(waiter)
    const timer = setTimeout(() => {
      reject(
        new Error(
          `not within ${withinMs} ms; the last lines:\n${this.text().split('\n').slice(-15).join('\n')}`,
        ),
      )
    }, withinMs)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiters.delete(waiter)
    }
  }
}
