/**
 * The database as a virtual process reaches it. Each store call is two events: its statement lands in the
 * database after a seeded delay, alone and in the order of landing, and its answer arrives after another
 * one, gated on the statement's real end. Latency, faults and the fate of a killed process's statement are
 * drawn here, above the store, so they are alike whether the store is Postgres or in memory.
 */

import { AppError, errorCodeOf, errorMessageOf } from '../../src/errors.ts'
import type { ErrorCode } from '../../src/errors.ts'
import type { MessageJournal } from '../../src/ports/message-journal.ts'
import type { SessionStore } from '../../src/ports/session-store.ts'
import { InfrastructureError } from '../infrastructure-error.ts'
import type { PrngStream } from './prng.ts'
import type { Scheduler } from './scheduler.ts'
import { describeArguments, describeResult } from './store-trace.ts'
import type { StoreOperation } from './store-trace.ts'
import type { Trace } from './trace.ts'
import type { VirtualProcess } from './virtual-process.ts'

/** What a fault does to one call. `isLanded`: whether the statement took effect although the call failed. */
export interface StoreFault {
  readonly extraLatencyMs: number
  readonly failure: { readonly code: ErrorCode; readonly isLanded: boolean } | undefined
}

/** Asked once a call; undefined leaves the call alone. */
export type StoreFaultSource = (operation: StoreOperation, dynoId: string) => StoreFault | undefined

/** Runs statements one at a time in the order they are given. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work)
    this.#tail = result.catch(() => undefined)
    return result
  }
}

export interface StoreGateOptions {
  readonly scheduler: Scheduler
  readonly trace: Trace
  readonly process: VirtualProcess
  readonly dynoId: string
  /** This process's stream for latencies and fates. */
  readonly stream: PrngStream
  readonly queue: SerialQueue
  readonly faults: StoreFaultSource
}

/** One-way delay of a statement or an answer inside a cloud region, ms: a few, seldom more. */
const ONE_WAY_MS = { low: 1, high: 4, slowChance: 0.01, slowHigh: 40 }
/** Codes that a store may answer in a sound world: they are the bot's business, not the machine's. */
const ANSWERS: ReadonlySet<ErrorCode | undefined> = new Set(['store-corrupt', 'encryption-key-missing'])

type Outcome = { readonly value: unknown } | { readonly error: unknown }

export class StoreGate {
  readonly #options: StoreGateOptions

  constructor(options: StoreGateOptions) {
    this.#options = options
  }

  sessionStore(store: SessionStore): SessionStore {
    return {
      readLease: () => this.#call('readLease', [], () => store.readLease()),
      takeLease: (take) => this.#call('takeLease', [take], () => store.takeLease(take)),
      renewLease: (renewal) => this.#call('renewLease', [renewal], () => store.renewLease(renewal)),
      releaseLease: (release) => this.#call('releaseLease', [release], () => store.releaseLease(release)),
      haltSession: (halt) => this.#call('haltSession', [halt], () => store.haltSession(halt)),
      readCreds: () => this.#call('readCreds', [], () => store.readCreds()),
      readCredsHistory: () => this.#call('readCredsHistory', [], () => store.readCredsHistory()),
      readHighestKeyId: (query) =>
        this.#call('readHighestKeyId', [query], () => store.readHighestKeyId(query)),
      readKeys: (query) => this.#call('readKeys', [query], () => store.readKeys(query)),
      commit: (commit) => this.#call('commit', [commit], () => store.commit(commit)),
    }
  }

  messageJournal(journal: MessageJournal): MessageJournal {
    return {
      recordInbound: (entry) => this.#call('recordInbound', [entry], () => journal.recordInbound(entry)),
      readUnhandled: (query) => this.#call('readUnhandled', [query], () => journal.readUnhandled(query)),
      markStarted: (mark) => this.#call('markStarted', [mark], () => journal.markStarted(mark)),
      recordHandled: (entry) => this.#call('recordHandled', [entry], () => journal.recordHandled(entry)),
      readPendingReplies: (query) =>
        this.#call('readPendingReplies', [query], () => journal.readPendingReplies(query)),
      settleReply: (entry) => this.#call('settleReply', [entry], () => journal.settleReply(entry)),
      readTakenChats: (query) => this.#call('readTakenChats', [query], () => journal.readTakenChats(query)),
      readReply: (query) => this.#call('readReply', [query], () => journal.readReply(query)),
      prune: (entry) => this.#call('prune', [entry], () => journal.prune(entry)),
    }
  }

  #call<T>(operation: StoreOperation, args: readonly unknown[], run: () => Promise<T>): Promise<T> {
    const { process, stream, scheduler, faults, dynoId } = this.#options
    if (!process.assertUsable(`store.${operation}`)) return new Promise(() => undefined)
    const fault = faults(operation, dynoId)
    const outwardMs = oneWayMs(stream) + (fault?.extraLatencyMs ?? 0)
    const backMs = oneWayMs(stream)
    // Arguments are described when the call is made: the caller may go on to change them.
    const described = describeArguments(operation, args)
    return new Promise((resolve, reject) => {
      scheduler.schedule('store.land', outwardMs, () => {
        const landing = this.#land(fault, run)
        let outcome: Outcome | undefined
        const gate = landing?.then((arrived) => {
          outcome = arrived
        })
        scheduler.schedule(
          'store.answer',
          backMs,
          () =>
            this.#answer({
              operation,
              described,
              fault,
              outcome,
              resolve: (value) => resolve(value as T),
              reject,
            }),
          gate,
        )
      })
    })
  }

  /** Lets the statement land, unless a fault or the caller's death prevented it. */
  #land(fault: StoreFault | undefined, run: () => Promise<unknown>): Promise<Outcome> | undefined {
    const { process, stream, queue } = this.#options
    const isLanded = process.isAlive ? (fault?.failure?.isLanded ?? true) : stream.chance(0.5)
    if (!isLanded) return undefined
    return queue.run(run).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
  }

  #answer(call: {
    operation: StoreOperation
    described: ReturnType<typeof describeArguments>
    fault: StoreFault | undefined
    outcome: Outcome | undefined
    resolve: (value: unknown) => void
    reject: (error: Error) => void
  }): void {
    const { process, trace, scheduler } = this.#options
    const { operation, outcome } = call
    const error = outcome !== undefined && 'error' in outcome ? outcome.error : undefined
    if (error !== undefined && !ANSWERS.has(errorCodeOf(error))) throw infrastructureError(operation, error)
    const failure = call.fault?.failure
    trace.record({
      atMs: scheduler.nowMs,
      source: process.id,
      kind: 'store',
      data: {
        op: operation,
        args: call.described,
        ...(outcome === undefined ? { lost: true } : {}),
        ...(outcome !== undefined && 'value' in outcome
          ? { result: describeResult(operation, outcome.value) }
          : {}),
        ...(error !== undefined ? { error: errorCodeOf(error) ?? 'unknown' } : {}),
        ...(failure !== undefined ? { fault: failure.code } : {}),
        ...(process.isAlive ? {} : { orphan: true }),
      },
    })
    process.deliver(() => {
      if (failure !== undefined) {
        call.reject(new AppError(failure.code, `injected: ${operation} failed with ${failure.code}`))
      } else if (outcome !== undefined && 'value' in outcome) {
        call.resolve(outcome.value)
      } else {
        call.reject(error instanceof Error ? error : new Error(`${operation}: no outcome`))
      }
    })
  }
}

function oneWayMs(stream: PrngStream): number {
  const { low, high, slowChance, slowHigh } = ONE_WAY_MS
  return stream.chance(slowChance) ? stream.integer(high, slowHigh) : stream.integer(low, high)
}

/** Said of every failure that no fault caused. */
const MEND = 'faults are injected above the store, so this one is real: look at the database log'

function infrastructureError(operation: string, error: unknown): InfrastructureError {
  return new InfrastructureError(`the database failed ${operation}: ${errorMessageOf(error)}`, MEND, {
    cause: error,
  })
}
