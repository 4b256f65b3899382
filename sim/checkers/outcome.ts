/**
 * The claims that need the whole run: `eventually` (after the last fault, by a deadline) and `sometimes`
 * (seen at all). Both listen like checkers; they are judged at the end. A claim that was never put to the
 * test, because nothing was asked or the run ends before its deadline, makes the run vacuous, not broken.
 */

import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'
import { AnswerBook } from './answer-book.ts'
import type { EventuallyClaim, SometimesClaim, Violation } from './claim.ts'

export interface Outcome {
  readonly broken: readonly Violation[]
  readonly vacuous: readonly Violation[]
}

type Finding = { readonly kind: 'broken' | 'vacuous'; readonly message: string } | undefined

/** Judges the `eventually` claims. */
export class EventuallyJudge {
  readonly #claims: readonly EventuallyClaim[]
  readonly #faultsEndMs: number
  /** Numbers of the open connections. */
  readonly #open = new Set<number>()
  /** When the bot was first connected at or after the end of the faults. */
  #reconnectedAtMs: number | undefined
  #haltedAtMs: number | undefined
  readonly #answers: AnswerBook

  constructor(claims: readonly EventuallyClaim[], faultsEndMs: number) {
    this.#claims = claims
    this.#faultsEndMs = faultsEndMs
    this.#answers = new AnswerBook(faultsEndMs)
  }

  observe(event: TraceEvent): void {
    const { atMs, kind, data } = event
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
      case 'wa.queued':
        this.#answers.asked(textOf(data, 'chat'), textOf(data, 'text'), atMs)
        break
      case 'wa.sent':
        this.#answers.sent(textOf(data, 'chat'), textOf(data, 'text'), atMs)
        break
      default:
    }
  }

  /** To be called when the faults are over: a bot that is connected then needs no reconnect. */
  faultsEnded(): void {
    if (this.#open.size > 0) this.#reconnectedAtMs = this.#faultsEndMs
  }

  judge(endMs: number): Outcome {
    const findings = this.#claims.flatMap((claim) => {
      const finding = this.#find(claim, endMs)
      if (finding === undefined) return []
      const { kind, message } = finding
      return [{ kind, violation: { claim: `eventually ${claim.claim}`, atMs: endMs, message } }]
    })
    const of = (wanted: 'broken' | 'vacuous'): Violation[] =>
      findings.filter(({ kind }) => kind === wanted).map(({ violation }) => violation)
    return { broken: of('broken'), vacuous: of('vacuous') }
  }

  #find({ claim, withinMs }: EventuallyClaim, endMs: number): Finding {
    const leftMs = endMs - this.#faultsEndMs
    switch (claim) {
      case 'connected':
        return this.#findConnected(withinMs, leftMs)
      case 'all-answered':
        if (this.#answers.count === 0) return { kind: 'vacuous', message: 'no command was ever asked' }
        if (leftMs < withinMs) return { kind: 'vacuous', message: TOO_SHORT }
        return broken(this.#answers.lateness(withinMs, endMs))
      case 'halted':
        return this.#findHalted(withinMs, leftMs)
    }
  }

  #findConnected(withinMs: number, leftMs: number): Finding {
    if (this.#reconnectedAtMs === undefined) {
      if (leftMs < withinMs) return { kind: 'vacuous', message: TOO_SHORT }
      return broken('never connected after the faults were over')
    }
    const tookMs = this.#reconnectedAtMs - this.#faultsEndMs
    if (tookMs > withinMs)
      return broken(`connected ${tookMs} ms after the last fault, not within ${withinMs} ms`)
    return this.#open.size === 0 ? broken('connected, but not at the end') : undefined
  }

  #findHalted(withinMs: number, leftMs: number): Finding {
    if (this.#open.size > 0) return broken('connected, though the session was ended for good')
    if (this.#haltedAtMs === undefined) {
      if (leftMs < withinMs) return { kind: 'vacuous', message: TOO_SHORT }
      return broken('the bot never said that it is halted')
    }
    const tookMs = this.#haltedAtMs - this.#faultsEndMs
    return tookMs > withinMs
      ? broken(`halted ${tookMs} ms after the last fault, not within ${withinMs} ms`)
      : undefined
  }
}

const TOO_SHORT = 'the run ends before the deadline'

function broken(message: string | undefined): Finding {
  return message === undefined ? undefined : { kind: 'broken', message }
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
