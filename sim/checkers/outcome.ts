/**
 * The claims that need the whole run: `eventually` (after the last fault, by a deadline) and `sometimes`
 * (seen at all). Both listen like checkers; they are judged at the end.
 */

import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'
import type { EventuallyClaim, SometimesClaim, Violation } from './claim.ts'
import { answeredToken, commandToken } from './message-checker.ts'

/** Judges the `eventually` claims. */
export class EventuallyJudge {
  readonly #claims: readonly EventuallyClaim[]
  readonly #faultsEndMs: number
  /** Numbers of the open connections. */
  readonly #open = new Set<number>()
  /** When the bot was last without a connection at or after the end of the faults. */
  #reconnectedAtMs: number | undefined
  #haltedAtMs: number | undefined
  /** When each command that has no answer yet was asked, by its number. */
  readonly #unanswered = new Map<string, number>()
  #asked = 0
  /** Answer that came latest, counted from the later of the question and the end of the faults. */
  #slowestMs = 0

  constructor(claims: readonly EventuallyClaim[], faultsEndMs: number) {
    this.#claims = claims
    this.#faultsEndMs = faultsEndMs
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    switch (kind) {
      case 'wa.open':
        this.#open.add(Number(data['connection']))
        if (atMs >= this.#faultsEndMs) this.#reconnectedAtMs ??= atMs
        break
      case 'wa.close':
        this.#open.delete(Number(data['connection']))
        break
      case 'log.connection.halted':
        this.#haltedAtMs ??= atMs
        break
      case 'wa.queued': {
        const token = commandToken(textOf(data, 'text'))
        if (token === undefined) break
        this.#asked += 1
        this.#unanswered.set(token, atMs)
        break
      }
      case 'wa.sent':
        this.#answered(answeredToken(textOf(data, 'text')), atMs)
        break
      default:
    }
  }

  /** To be called when the faults are over: a bot that is connected then needs no reconnect. */
  faultsEnded(): void {
    if (this.#open.size > 0) this.#reconnectedAtMs = this.#faultsEndMs
  }

  judge(endMs: number): Violation[] {
    return this.#claims.flatMap((claim) => {
      const message = this.#breach(claim, endMs)
      return message === undefined ? [] : [{ claim: `eventually ${claim.claim}`, atMs: endMs, message }]
    })
  }

  #answered(token: string | undefined, atMs: number): void {
    const askedAtMs = token === undefined ? undefined : this.#unanswered.get(token)
    if (token === undefined || askedAtMs === undefined) return
    this.#unanswered.delete(token)
    if (atMs > this.#faultsEndMs) {
      this.#slowestMs = Math.max(this.#slowestMs, atMs - Math.max(askedAtMs, this.#faultsEndMs))
    }
  }

  #breach({ claim, withinMs }: EventuallyClaim, endMs: number): string | undefined {
    switch (claim) {
      case 'connected': {
        if (this.#reconnectedAtMs === undefined) return 'never connected after the faults were over'
        const tookMs = this.#reconnectedAtMs - this.#faultsEndMs
        if (tookMs > withinMs) return `connected ${tookMs} ms after the last fault, not within ${withinMs} ms`
        return this.#open.size === 0 ? 'connected, but not at the end' : undefined
      }
      case 'all-answered': {
        if (this.#asked === 0) return 'no command was ever asked'
        if (endMs - this.#faultsEndMs < withinMs) return 'the run ends before the deadline of any command'
        const late = [...this.#unanswered].filter(([, askedAtMs]) => {
          return endMs - Math.max(askedAtMs, this.#faultsEndMs) > withinMs
        })
        if (late.length > 0) return `${late.length} commands were never answered, first ${late[0]?.[0] ?? ''}`
        return this.#slowestMs > withinMs
          ? `the slowest answer took ${this.#slowestMs} ms, not within ${withinMs} ms`
          : undefined
      }
      case 'halted': {
        if (this.#open.size > 0) return 'connected, though the session was ended for good'
        if (this.#haltedAtMs === undefined) return 'the bot never said that it is halted'
        const tookMs = this.#haltedAtMs - this.#faultsEndMs
        return tookMs > withinMs
          ? `halted ${tookMs} ms after the last fault, not within ${withinMs} ms`
          : undefined
      }
    }
  }
}

/** Counts what the `sometimes` claims ask for. */
export class SometimesJudge {
  readonly #counts: { readonly claim: SometimesClaim; seen: number }[]

  constructor(claims: readonly SometimesClaim[]) {
    this.#counts = claims.map((claim) => ({ claim, seen: 0 }))
  }

  observe(event: TraceEvent): void {
    for (const count of this.#counts) {
      if (count.claim.event === event.kind && hasFields(event, count.claim.where)) count.seen += 1
    }
  }

  /** What was seen too seldom: the run proved nothing about it. */
  judge(endMs: number): Violation[] {
    return this.#counts
      .filter(({ claim, seen }) => seen < claim.atLeast)
      .map(({ claim, seen }) => ({
        claim: `sometimes ${claim.event}`,
        atMs: endMs,
        message: `seen ${seen} times, at least ${claim.atLeast} needed: the run proves nothing`,
      }))
  }
}

function hasFields(event: TraceEvent, where: SometimesClaim['where']): boolean {
  for (const name in where) if (event.data[name] !== where[name]) return false
  return true
}
