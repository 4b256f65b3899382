/** How far a sweep is: on a terminal one line, rewritten in place; elsewhere a line now and then. */

import { pointText } from '../kill-sweep/kill-point.ts'
import type { PointOutcome } from '../kill-sweep/point-outcome.ts'
import { wallText } from './durations.ts'
import type { Terminal } from './terminal.ts'

const REDRAW_MS = 200
const PRINT_EVERY_MS = 15_000
const ERASE_LINE = '\r\u001B[2K'

export class SweepProgress {
  readonly #terminal: Terminal
  readonly #points: number
  #timer: NodeJS.Timeout | undefined
  #startedMs = performance.now()
  #last: PointOutcome | undefined
  #judged = 0
  #failed = 0

  constructor(terminal: Terminal, points: number) {
    this.#terminal = terminal
    this.#points = points
  }

  start(): void {
    this.#startedMs = performance.now()
    this.#timer = setInterval(() => this.#tick(), this.#terminal.isLive ? REDRAW_MS : PRINT_EVERY_MS)
    this.#timer.unref()
  }

  judged(outcome: PointOutcome): void {
    this.#judged += 1
    this.#last = outcome
    if (outcome.verdict !== 'holds') this.#failed += 1
  }

  /** A text that stays. */
  print(text: string): void {
    this.#terminal.write(`${this.#terminal.isLive ? ERASE_LINE : ''}${text}`)
  }

  /** Wipes the live line; may be called twice. */
  stop(): void {
    if (this.#timer !== undefined && this.#terminal.isLive) this.#terminal.write(ERASE_LINE)
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    const line = this.#line()
    if (this.#terminal.isLive)
      this.#terminal.write(`${ERASE_LINE}${line.slice(0, this.#terminal.columns - 1)}`)
    else this.#terminal.write(`${line}\n`)
  }

  #line(): string {
    const tookMs = performance.now() - this.#startedMs
    const leftMs = this.#judged === 0 ? undefined : (tookMs / this.#judged) * (this.#points - this.#judged)
    return [
      `${this.#judged} of ${this.#points} points`,
      ...(this.#failed > 0 ? [`${this.#failed} do not hold`] : []),
      ...(leftMs === undefined ? [] : [`about ${wallText(leftMs)} left`]),
      ...(this.#last === undefined ? [] : [pointText(this.#last.point)]),
    ].join(' · ')
  }
}
