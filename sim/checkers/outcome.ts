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

/** From login to loss. Connections that overlap are one time. */
interface Connected {
  readonly fromMs: number
  untilMs: number
}

/** Judges the `eventually` claims. */
export class EventuallyJudge {
  readonly #claims: readonly EventuallyClaim[]
  #faultsEndMs = Infinity
  /** Numbers of the open connections. */
  readonly #open = new Set<number>()
  /** Times of connection that reach beyond the end of the faults: one a reconnect. */
  #connected: Connected[] = []
  #haltedAtMs: number | undefined
  readonly #answers = new AnswerBook()

  constructor(claims: readonly EventuallyClaim[]) {
    this.#claims = claims
  }

  observe(event: TraceEvent): void {
    const { atMs, kind, data } = event
    switch (kind) {
      case 'wa.open':
        if (this.#open.size === 0) this.#connected.push({ fromMs: atMs, untilMs: Infinity })
        this.#open.add(Number(data['connection']))
        break
      // What the bot has ended is none, even if no close is ever heard of it.
      case 'wa.end':
      case 'wa.close':
        this.#lost(Number(data['connection']), atMs)
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

  /** The last fault has struck and is over: from now on deadlines run. */
  faultsEnded(atMs: number): void {
    this.#faultsEndMs = atMs
    this.#answers.countFrom(atMs)
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

  #lost(connection: number, atMs: number): void {
    if (!this.#open.delete(connection) || this.#open.size > 0) return
    const last = this.#connected.at(-1)
    if (last !== undefined) last.untilMs = atMs
    if (this.#faultsEndMs === Infinity) this.#connected = []
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

  /**
   * In time is who connects anew before the time is over, or is connected still when it is. A connection of before that
   * goes meanwhile may be the last fault's victim: a dyno that stops, or a deaf connection, ends some time after it.
   */
  #findConnected(withinMs: number, leftMs: number): Finding {
    const deadlineMs = this.#faultsEndMs + withinMs
    const isAnew = this.#connected.some(({ fromMs }) => fromMs > this.#faultsEndMs && fromMs <= deadlineMs)
    // What ends it later, a dyno's daily restart say, is not the last fault.
    if (isAnew) return this.#open.size === 0 ? broken(LOST) : undefined
    const lasting = this.#connected.find(({ untilMs }) => untilMs > deadlineMs)
    if (lasting === undefined) {
      if (leftMs < withinMs) return { kind: 'vacuous', message: TOO_SHORT }
      const isLost = this.#connected.some(({ untilMs }) => untilMs > this.#faultsEndMs)
      return broken(isLost ? LOST : 'never connected after the faults were over')
    }
    const tookMs = Math.max(0, lasting.fromMs - this.#faultsEndMs)
    if (tookMs > withinMs)
      return broken(`connected ${tookMs} ms after the last fault, not within ${withinMs} ms`)
    return this.#open.size === 0 ? broken(LOST) : undefined
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

const LOST = 'connected, but not at the end'
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
