/**
 * What must hold of connections: one socket at a time, a bounded number of attempts in every rolling window,
 * and an end after a terminal cause. Judged from the server's side, so no bot can talk its way out; growing
 * waits between failures are backoff-checker.ts's.
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

/**
 * No rolling window holds more attempts than the budget, restarts included. The database has no clock of its
 * own in this: what counts is each dyno's, and an attempt of the future counts as made now.
 */
export class AttemptBudgetChecker extends Checker {
  readonly #context: CheckerContext
  /** By the clock of whoever made it, oldest first; those before `#first` have left the window. */
  #timesMs: number[] = []
  #first = 0
  /** How far each dyno's clock was set, in all. */
  readonly #stepsMs = new Map<string, number>()

  constructor(context: CheckerContext) {
    super('attempts-in-budget')
    this.#context = context
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    if (kind === 'dyno.clock-step') {
      const dyno = textOf(data, 'dynoId')
      this.#stepsMs.set(dyno, this.#stepMs(dyno) + Number(data['byMs']))
    }
    if (kind === 'wa.connect') this.#attempted(atMs, textOf(data, 'process').split('/')[0] ?? '')
  }

  #attempted(atMs: number, dyno: string): void {
    const { attemptWindowMs, maxAttemptsPerWindow, maxSkewMs } = this.#context
    const nowMs = atMs + this.#stepMs(dyno)
    // The budget is charged a moment before the attempt is seen, and a skewed clock shortens a window.
    const windowMs = attemptWindowMs - 2 * maxSkewMs - CHARGE_TO_CONNECT_MS
    // A bot gone mad makes ten thousand attempts a window: only a clock set back costs a pass over them.
    if ((this.#timesMs.at(-1) ?? 0) > nowMs)
      this.#timesMs = this.#timesMs.map((timeMs) => Math.min(timeMs, nowMs))
    this.#timesMs.push(nowMs)
    // A window that is shorter than clocks may differ holds nothing at all.
    while ((this.#timesMs[this.#first] ?? Infinity) <= nowMs - windowMs) this.#first += 1
    const count = this.#timesMs.length - this.#first
    if (count > maxAttemptsPerWindow) {
      this.broken(atMs, `${count} attempts in ${windowMs / 1_000} s, the budget is ${maxAttemptsPerWindow}`)
    }
  }

  #stepMs(dyno: string): number {
    return this.#stepsMs.get(dyno) ?? 0
  }
}

/** From the charge in the database to the attempt as the server sees it, at most. */
const CHARGE_TO_CONNECT_MS = 2_000

/** After a terminal cause no attempt follows, and nothing is deleted. */
export class TerminalIsFinalChecker extends Checker {
  #terminal: { readonly atMs: number; readonly code: number } | undefined
  #lastLoginMs = -Infinity

  constructor() {
    super('terminal-is-final')
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    if (kind === 'wa.login') this.#lastLoginMs = atMs
    if (kind === 'wa.close' && TERMINAL_CODES.has(Number(data['statusCode']))) {
      this.#terminal ??= { atMs, code: Number(data['statusCode']) }
    }
    if (this.#terminal === undefined) return
    const after = `after the terminal code ${this.#terminal.code}`
    if (kind === 'wa.connect') this.broken(atMs, `attempt ${after}`)
    if (kind === 'wa.qr') this.broken(atMs, `a new pairing ${after}`)
    if (kind === 'store' && this.#isOverwriting(data))
      this.broken(atMs, `session data was overwritten ${after}`)
  }

  /** What was under way at the end may still be committed: steps, used one-time keys, a login's credentials. */
  #isOverwriting({ op, args, result }: TraceEvent['data']): boolean {
    if (op !== 'commit' || result !== 'written' || this.#terminal === undefined) return false
    const { creds, keys = [] } = args as { readonly creds?: string; readonly keys?: readonly string[] }
    const isOfLogin = this.#terminal.atMs - this.#lastLoginMs < LOGIN_COMMITS_MS
    if (creds !== undefined && !isOfLogin) return true
    return keys.some((key) => key.endsWith('=deleted') && !key.startsWith('pre-key/'))
  }
}

/** A login saves its credentials within this time. */
const LOGIN_COMMITS_MS = 2_000

/** Logged out, account restricted, banned, version refused for good, multi-device mismatch. */
const TERMINAL_CODES: ReadonlySet<number> = new Set([401, 402, 403, 406, 411])
