/**
 * What must hold of connections: one socket at a time, a bounded number of attempts in every rolling window,
 * growing waits between failures, and an end after a terminal cause. Judged from the server's side, so no bot
 * can talk its way out.
 */

import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'
import { Checker } from './checker.ts'
import type { CheckerContext } from './checker.ts'

/** Never two connections to WhatsApp at once, over all dynos. */
export class SingleSocketChecker extends Checker {
  readonly #live = new Map<number, string>()

  constructor() {
    super('single-socket')
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    if (kind === 'wa.connect') {
      for (const [number, process] of this.#live) {
        const other = `connection ${number} of ${process}`
        this.broken(atMs, `${textOf(data, 'process')} connects while ${other} is still there`)
      }
      this.#live.set(Number(data['connection']), textOf(data, 'process'))
    } else if (kind === 'wa.close' || kind === 'wa.end') {
      // What is left of an ended socket in a black hole is the transport's, not the bot's.
      this.#live.delete(Number(data['connection']))
    }
  }
}

/** No rolling window holds more attempts than the budget, restarts included. */
export class AttemptBudgetChecker extends Checker {
  readonly #context: CheckerContext
  #timesMs: number[] = []

  constructor(context: CheckerContext) {
    super('attempts-in-budget')
    this.#context = context
  }

  observe({ atMs, kind }: TraceEvent): void {
    if (kind !== 'wa.connect') return
    const { attemptWindowMs, maxAttemptsPerWindow, maxSkewMs } = this.#context
    // The budget is charged a moment before the attempt is seen, and a skewed clock shortens a window.
    const windowMs = attemptWindowMs - 2 * maxSkewMs - CHARGE_TO_CONNECT_MS
    this.#timesMs = this.#timesMs.filter((timeMs) => timeMs > atMs - windowMs)
    this.#timesMs.push(atMs)
    const count = this.#timesMs.length
    if (count > maxAttemptsPerWindow) {
      this.broken(atMs, `${count} attempts in ${windowMs / 1_000} s, the budget is ${maxAttemptsPerWindow}`)
    }
  }
}

/** From the charge in the database to the attempt as the server sees it, at most. */
const CHARGE_TO_CONNECT_MS = 2_000

interface Attempt {
  openedAtMs: number | undefined
  isOwnEnd: boolean
}

/** Each further failure waits at least half of a doubling envelope, up to the cap. */
export class BackoffLawChecker extends Checker {
  readonly #context: CheckerContext
  readonly #attempts = new Map<number, Attempt>()
  #process = ''
  #failures = 0
  #hasFreeRestart = true
  #lastCloseMs: number | undefined
  #minWaitMs = 0

  constructor(context: CheckerContext) {
    super('backoff-law')
    this.#context = context
  }

  observe(event: TraceEvent): void {
    if (event.kind === 'wa.connect') this.#connected(event)
    else if (event.kind === 'wa.open') this.#opened(event)
    else if (event.kind === 'wa.close') this.#closed(event)
  }

  #connected({ atMs, data }: TraceEvent): void {
    const process = textOf(data, 'process')
    if (process !== this.#process) {
      // A new process has no memory of failures; the budget is what binds it.
      this.#process = process
      this.#failures = 0
      this.#hasFreeRestart = true
      this.#lastCloseMs = undefined
    }
    if (this.#lastCloseMs !== undefined) {
      const waitedMs = atMs - this.#lastCloseMs
      if (waitedMs < this.#minWaitMs) {
        const rule = `after ${this.#failures} failures in a row at least ${Math.round(this.#minWaitMs)} ms`
        this.broken(atMs, `attempt after ${waitedMs} ms; ${rule}`)
      }
    }
    this.#attempts.set(Number(data['connection']), { openedAtMs: undefined, isOwnEnd: false })
  }

  #opened({ atMs, data }: TraceEvent): void {
    const attempt = this.#attempts.get(Number(data['connection']))
    if (attempt !== undefined) attempt.openedAtMs = atMs
  }

  #closed({ atMs, data }: TraceEvent): void {
    const attempt = this.#attempts.get(Number(data['connection']))
    if (attempt === undefined) return
    this.#attempts.delete(Number(data['connection']))
    const { stableUptimeMs, backoffBaseMs, backoffCapMs, conflictBaseMs } = this.#context
    if (attempt.openedAtMs !== undefined && atMs - attempt.openedAtMs >= stableUptimeMs) {
      this.#failures = 0
      this.#hasFreeRestart = true
    }
    const code = data['statusCode']
    this.#lastCloseMs = atMs
    this.#minWaitMs = 0
    if (data['by'] === 'end' || data['by'] === 'process' || isQrExpiry(textOf(data, 'message'))) return
    if (code === 515 && this.#hasFreeRestart) {
      this.#hasFreeRestart = false
      return
    }
    this.#failures += 1
    this.#minWaitMs = Math.min(backoffCapMs, backoffBaseMs * 2 ** (this.#failures - 1)) / 2
    // Conflicts grow by a count of their own: only their floor can be asked for.
    if (code === 440) this.#minWaitMs = conflictBaseMs
  }
}

/** After a terminal cause no attempt follows, and nothing is deleted. */
export class TerminalIsFinalChecker extends Checker {
  #terminal: { readonly atMs: number; readonly code: number } | undefined

  constructor() {
    super('terminal-is-final')
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    if (kind === 'wa.close' && TERMINAL_CODES.has(Number(data['statusCode']))) {
      this.#terminal ??= { atMs, code: Number(data['statusCode']) }
    }
    if (this.#terminal === undefined) return
    if (kind === 'wa.connect') this.broken(atMs, `attempt after the terminal code ${this.#terminal.code}`)
    if (kind === 'wa.qr') this.broken(atMs, `a new pairing after the terminal code ${this.#terminal.code}`)
  }
}

/** Logged out, account restricted, banned, version refused for good, multi-device mismatch. */
const TERMINAL_CODES: ReadonlySet<number> = new Set([401, 402, 403, 406, 411])

function isQrExpiry(message: string): boolean {
  return message.includes('QR refs')
}
