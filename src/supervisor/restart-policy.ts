/**
 * When a bot process that has ended is followed by the next one. Pure. The first failure costs half a second,
 * each further one in a row more, up to a cap; failures are forgotten after a stable run. All starts, those
 * after a recycle too, share one budget in a rolling window, so that whatever goes wrong the database and
 * WhatsApp see a bounded number of fresh processes. It never gives up: the same code in a new dyno would fare
 * no better, and Heroku would let it wait for up to 320 minutes.
 */

import { backoffDelayMs } from '../backoff.ts'
import type { BackoffLaw } from '../backoff.ts'
import type { Random } from '../ports/random.ts'

/**
 * `recycled`: it asked for a fresh process. `stopped`: somebody ended it in order, but not us. `crashed`: any
 * other end of its own. `hung` and `memory`: we ended it. `unspawnable`: the system could not start it.
 */
export type EndKind = 'recycled' | 'stopped' | 'crashed' | 'hung' | 'memory' | 'unspawnable'

export interface RestartSettings {
  /** Before the start after a recycle or a first failure. */
  readonly quickDelayMs: number
  /** From the second failure in a row on. */
  readonly law: BackoffLaw
  /** A run of this length is a success, however it ended. */
  readonly stableUptimeMs: number
  readonly windowMs: number
  readonly maxStartsPerWindow: number
}

export interface RestartState {
  /** Failures in a row since a stable run. */
  readonly failures: number
  /** Starts within the window, oldest first, on the monotonic clock. */
  readonly startsMs: readonly number[]
}

export interface RestartDelay {
  readonly state: RestartState
  readonly delayMs: number
  /** What decided the delay. */
  readonly why: 'quick' | 'backoff' | 'budget'
}

export const NO_STARTS: RestartState = { failures: 0, startsMs: [] }

/** Kinds of end that say nothing against the bot. */
const HARMLESS: ReadonlySet<EndKind> = new Set(['recycled', 'stopped'])

/** A process is started now. The list stays within the budget, because no start is made beyond it. */
export function startedAt(state: RestartState, nowMs: number, settings: RestartSettings): RestartState {
  return { ...state, startsMs: [...recent(state, nowMs, settings), nowMs] }
}

/** @param random drawn from once, for the jitter, and only when it backs off */
export function afterEnd(
  before: RestartState,
  end: { readonly kind: EndKind; readonly uptimeMs: number; readonly nowMs: number },
  settings: RestartSettings,
  random: Random,
): RestartDelay {
  const forgiven = end.uptimeMs >= settings.stableUptimeMs ? 0 : before.failures
  const failures = HARMLESS.has(end.kind) ? forgiven : forgiven + 1
  const startsMs = recent(before, end.nowMs, settings)
  const state = { failures, startsMs }
  const isQuick = failures <= 1 || HARMLESS.has(end.kind)
  const wantedMs = isQuick ? settings.quickDelayMs : backoffDelayMs(settings.law, failures - 1, random)
  const budgetMs = budgetDelayMs(startsMs, end.nowMs, settings)
  if (budgetMs > wantedMs) return { state, delayMs: budgetMs, why: 'budget' }
  return { state, delayMs: wantedMs, why: isQuick ? 'quick' : 'backoff' }
}

/** Until the window has room for one more start. */
function budgetDelayMs(startsMs: readonly number[], nowMs: number, settings: RestartSettings): number {
  const last = startsMs.at(-settings.maxStartsPerWindow)
  return last === undefined ? 0 : Math.max(0, last + settings.windowMs - nowMs)
}

function recent({ startsMs }: RestartState, nowMs: number, { windowMs }: RestartSettings): readonly number[] {
  return startsMs.filter((startMs) => startMs > nowMs - windowMs)
}
