/**
 * How far the runs are: on a terminal one line, rewritten in place; elsewhere a plain line for each run that
 * ends, or, when there are many, for each failure and now and then a count.
 */

import { durationMsOf } from '../world/run-result.ts'
import type { RunRequest, RunResult } from '../world/run-result.ts'
import { hoursText, speedText } from './durations.ts'
import type { Terminal } from './terminal.ts'

/** How often the live line is redrawn, ms. */
const REDRAW_MS = 100
/** With more runs than this, plain output counts instead of naming each. */
const MAX_NAMED_RUNS = 60
/** How often plain output counts, ms. */
const COUNT_EVERY_MS = 5_000

const ERASE_LINE = '\r\u001B[2K'

interface Running {
  readonly request: RunRequest
  virtualMs: number
}

export class Progress {
  readonly #terminal: Terminal
  readonly #requests: readonly RunRequest[]
  readonly #running = new Map<number, Running>()
  readonly #timer: NodeJS.Timeout
  readonly #startedMs = performance.now()
  #doneVirtualMs = 0
  #done = 0
  #failed = 0
  #isStopped = false

  /** Begins at once. @param requests by the index that the pool tells */
  constructor(terminal: Terminal, requests: readonly RunRequest[]) {
    this.#terminal = terminal
    this.#requests = requests
    this.#timer = setInterval(() => this.#tick(), terminal.isLive ? REDRAW_MS : COUNT_EVERY_MS)
    this.#timer.unref()
  }

  started(index: number): void {
    const request = this.#requests[index]
    if (request !== undefined) this.#running.set(index, { request, virtualMs: 0 })
  }

  progressed(index: number, virtualMs: number): void {
    const running = this.#running.get(index)
    if (running !== undefined) running.virtualMs = virtualMs
  }

  finished(index: number, result: RunResult): void {
    this.#running.delete(index)
    this.#done += 1
    this.#doneVirtualMs += result.virtualMs
    if (result.verdict !== 'holds') this.#failed += 1
    const isNamed =
      result.verdict !== 'holds' || (!this.#terminal.isLive && this.#requests.length <= MAX_NAMED_RUNS)
    if (isNamed) this.#print(this.#resultLine(result))
  }

  /** Wipes the live line; nothing is printed afterwards. May be called twice. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    clearInterval(this.#timer)
    if (this.#terminal.isLive) this.#terminal.write(ERASE_LINE)
  }

  #tick(): void {
    if (this.#terminal.isLive) {
      this.#terminal.write(`${ERASE_LINE}${this.#line().slice(0, this.#terminal.columns - 1)}`)
    } else if (this.#requests.length > MAX_NAMED_RUNS) {
      this.#print(this.#line())
    }
  }

  #print(line: string): void {
    if (this.#isStopped) return
    this.#terminal.write(`${this.#terminal.isLive ? ERASE_LINE : ''}${line}\n`)
  }

  #line(): string {
    const running = [...this.#running.values()]
    const virtualMs = running.reduce((sum, run) => sum + run.virtualMs, this.#doneVirtualMs)
    const parts = [
      `${groupedWhole(this.#done)} of ${groupedWhole(this.#requests.length)}`,
      ...(this.#failed > 0 ? [`${groupedWhole(this.#failed)} failed`] : []),
      `${hoursText(virtualMs)} virtual`,
      speedText(virtualMs, performance.now() - this.#startedMs),
      ...running.map(({ request, virtualMs: reachedMs }) => {
        const percent = Math.floor((100 * reachedMs) / durationMsOf(request))
        return `${request.scenario.id}#${request.seed} ${Math.min(100, percent)}%`
      }),
    ]
    return parts.join(' · ')
  }

  #resultLine(result: RunResult): string {
    const { colors } = this.#terminal
    const mark = result.verdict === 'holds' ? colors.green('✓') : colors.red('✗')
    const first = result.verdict === 'holds' ? undefined : result.violations[0]
    const why = first === undefined ? '' : ` · ${first.claim}`
    const speed = speedText(result.virtualMs, result.wallMs)
    return `${mark} ${this.#done}/${this.#requests.length} ${result.scenario} · seed ${result.seed} · ${result.level} · ${result.verdict}${why} · ${speed}`
  }
}

function groupedWhole(count: number): string {
  return count === 0 ? '0' : count.toLocaleString('en-US')
}
