/**
 * A dyno's processes: one bot at a time, started again within bounds when it fails, and the dyno itself lives on.
 * Judged by what processes did, never by what a supervisor says of them.
 */

import { DYNO_EXIT_STATUS } from '../../src/ports/exit.ts'
import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'
import { Checker } from './checker.ts'
import type { CheckerContext } from './checker.ts'

/** No bot process starts before the one before it in its dyno has ended. */
export class OneBotChecker extends Checker {
  /** The living bot process, by dyno. */
  readonly #living = new Map<string, string>()

  constructor() {
    super('one-bot-a-dyno')
  }

  observe({ atMs, source, kind, data }: TraceEvent): void {
    const dyno = textOf(data, 'dynoId')
    if (kind === 'process.started') {
      const other = this.#living.get(dyno)
      if (other !== undefined) this.broken(atMs, `${source} starts while ${other} still lives`)
      this.#living.set(dyno, source)
    } else if (kind === 'process.ended' && this.#living.get(dyno) === source) this.#living.delete(dyno)
    else if (kind === 'dyno.exited') this.#living.delete(dyno)
  }
}

/** Ended by SIGTERM before anything listened: nothing had begun that could be ended in order. */
const SIGTERM_STATUS = 143
const BOT_KILLED_STATUS = DYNO_EXIT_STATUS['bot-killed']

/** A dyno exits only after SIGTERM, and then in order, unless its bot hangs and has to be killed. */
export class DynoLivesChecker extends Checker {
  /** Dynos that Heroku has killed: other claims say why that must not be. */
  readonly #struck = new Set<string>()
  /** Dynos whose bot hangs now: it can only be killed. */
  readonly #hanging = new Set<string>()

  constructor() {
    super('dyno-lives')
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    const dyno = textOf(data, 'dynoId')
    if (kind === 'dyno.sigkill') this.#struck.add(dyno)
    if (kind === 'process.started') this.#hanging.delete(dyno)
    if (kind === 'bot.hang') {
      if (data['how'] === 'none') this.#hanging.delete(dyno)
      else this.#hanging.add(dyno)
    }
    if (kind !== 'dyno.exited' || this.#struck.has(dyno)) return
    const status = Number(data['status'])
    if (data['isExpected'] !== true) this.broken(atMs, `${dyno} exited by itself with status ${status}`)
    else if (!this.#mayLeaveWith(status, dyno))
      this.broken(atMs, `${dyno} was told to stop and exited with status ${status}`)
  }

  #mayLeaveWith(status: number, dyno: string): boolean {
    if (status === BOT_KILLED_STATUS) return this.#hanging.has(dyno)
    return status === 0 || status === SIGTERM_STATUS
  }
}

/** A dyno's clock may run one per cent fast at most. */
const CLOCK_SHARE = 0.99
/** A run of this length is a success, ms. */
const STABLE_MS = 120_000
/** Before the start after a first failure, ms. */
const QUICK_MS = 500
/** Starts are seen when Node has booted, which takes differently long, ms. */
const BOOT_SPREAD_MS = 1_000

interface Restarts {
  startsMs: number[]
  failures: number
  notBeforeMs: number
}

/**
 * Each further failure in a row waits longer, and no window holds more starts than the budget. Where processes are
 * looked for, a start was `ageMs` before it was seen and an end up to `unseenMs`: the wait between them counts as the
 * longest that it can have been, and what is still too short was too short.
 */
export class RestartsChecker extends Checker {
  readonly #context: CheckerContext
  readonly #dynos = new Map<string, Restarts>()

  constructor(context: CheckerContext) {
    super('restarts-in-bounds')
    this.#context = context
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    const restarts = this.#restartsOf(textOf(data, 'dynoId'))
    if (kind === 'process.started') this.#started(restarts, atMs - Number(data['ageMs'] ?? 0))
    if (kind === 'process.killed' || (kind === 'process.exited' && data['reason'] === 'failed'))
      this.#failed(restarts, atMs, Number(data['unseenMs'] ?? 0))
  }

  #started(restarts: Restarts, atMs: number): void {
    const { restartWindowMs, maxStartsPerWindow } = this.#context
    if (atMs < restarts.notBeforeMs) {
      const earlyMs = Math.ceil(restarts.notBeforeMs - atMs)
      this.broken(atMs, `started ${earlyMs} ms too early, after ${restarts.failures} failures in a row`)
    }
    const windowMs = restartWindowMs * CLOCK_SHARE - BOOT_SPREAD_MS
    restarts.startsMs = [...restarts.startsMs.filter((startMs) => startMs > atMs - windowMs), atMs]
    const count = restarts.startsMs.length
    if (count > maxStartsPerWindow)
      this.broken(
        atMs,
        `${count} starts in ${Math.round(windowMs / 1_000)} s, allowed are ${maxStartsPerWindow}`,
      )
  }

  #failed(restarts: Restarts, atMs: number, unseenMs: number): void {
    const { restartBaseMs, restartCapMs } = this.#context
    const uptimeMs = atMs - (restarts.startsMs.at(-1) ?? atMs)
    restarts.failures = (uptimeMs > STABLE_MS ? 0 : restarts.failures) + 1
    const envelopeMs = Math.min(restartCapMs, restartBaseMs * 2 ** (restarts.failures - 2))
    const waitMs = restarts.failures === 1 ? QUICK_MS : envelopeMs / 2
    restarts.notBeforeMs = atMs - unseenMs + waitMs * CLOCK_SHARE
  }

  #restartsOf(dyno: string): Restarts {
    const known = this.#dynos.get(dyno)
    if (known !== undefined) return known
    const created = { startsMs: [], failures: 0, notBeforeMs: -Infinity }
    this.#dynos.set(dyno, created)
    return created
  }
}
