/**
 * The one table that says which store errors are worth repeating, and the two ports wrapped with it. Owns
 * waiting and repeating; knowing errors apart is the adapter's matter, deadlines of one statement the pool's.
 * Surprising: a statement of unknown outcome is repeated too, since every operation of the ports is
 * idempotent. Lease operations are not repeated here: the lease keeper has its own rhythm.
 * Bound: the last attempt begins at most `maxWaitMs` after the first failure; how many operations wait at once
 * is bounded by the callers' own queues.
 */

import { backoffDelayMs } from '../backoff.ts'
import type { BackoffLaw } from '../backoff.ts'
import { errorCodeOf } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { MessageJournal } from '../ports/message-journal.ts'
import type { Random } from '../ports/random.ts'
import type { SessionStore } from '../ports/session-store.ts'
import { sleep } from '../timing.ts'

export type StoreErrorCode = Extract<ErrorCode, `store-${string}`>

export interface RetryRule {
  readonly retry: boolean
  readonly law: BackoffLaw
}

/** A failover or a restart of the database takes seconds; asking each 2.5 to 5 s finds its end soon enough. */
const SOON: BackoffLaw = { baseMs: 250, capMs: 5_000 }
/** Connection slots and disk space come back when others give them up; asking often takes slots from them. */
const LATER: BackoffLaw = { baseMs: 2_000, capMs: 30_000 }

export const STORE_RETRY_RULES: Readonly<Record<StoreErrorCode, RetryRule>> = {
  'store-unavailable': { retry: true, law: SOON },
  'store-outcome-unknown': { retry: true, law: SOON },
  'store-busy': { retry: true, law: LATER },
  'store-read-only': { retry: true, law: LATER },
  'store-broken': { retry: false, law: LATER },
  'store-corrupt': { retry: false, law: LATER },
  'store-denied': { retry: false, law: LATER },
}

/** The law to wait by before the next try, or undefined when repeating cannot help. */
export function retryLawOf(error: unknown): BackoffLaw | undefined {
  const code = errorCodeOf(error)
  if (code === undefined || !isStoreErrorCode(code)) return undefined
  const rule = STORE_RETRY_RULES[code]
  return rule.retry ? rule.law : undefined
}

export interface StoreRetryDeps {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Longest time, from the first failure, that an operation goes on repeating; Infinity for no end. */
  readonly maxWaitMs: number
  /** Ends all waiting: the operations then throw their last error. */
  readonly signal: AbortSignal | undefined
}

/** Reads and commits are repeated until they succeed, or throw their last error; lease operations pass. */
export function retryingSessionStore(deps: StoreRetryDeps & { readonly store: SessionStore }): SessionStore {
  const { store } = deps
  const repeater = new Repeater(deps, 'session-store')
  return {
    readLease: () => store.readLease(),
    takeLease: (take) => store.takeLease(take),
    renewLease: (renewal) => store.renewLease(renewal),
    releaseLease: (release) => store.releaseLease(release),
    haltSession: repeater.repeating('haltSession', (halt) => store.haltSession(halt)),
    readCreds: repeater.repeating('readCreds', () => store.readCreds()),
    readCredsHistory: repeater.repeating('readCredsHistory', () => store.readCredsHistory()),
    readHighestKeyId: repeater.repeating('readHighestKeyId', (query) => store.readHighestKeyId(query)),
    readKeys: repeater.repeating('readKeys', (query) => store.readKeys(query)),
    commit: repeater.repeating('commit', (commit) => store.commit(commit)),
  }
}

/** Every operation is repeated until it succeeds, or throws its last error. */
export function retryingMessageJournal(
  deps: StoreRetryDeps & { readonly journal: MessageJournal },
): MessageJournal {
  const { journal } = deps
  const repeater = new Repeater(deps, 'message-journal')
  return {
    recordInbound: repeater.repeating('recordInbound', (entry) => journal.recordInbound(entry)),
    readUnhandled: repeater.repeating('readUnhandled', (query) => journal.readUnhandled(query)),
    markStarted: repeater.repeating('markStarted', (mark) => journal.markStarted(mark)),
    recordHandled: repeater.repeating('recordHandled', (entry) => journal.recordHandled(entry)),
    readPendingReplies: repeater.repeating('readPendingReplies', (query) =>
      journal.readPendingReplies(query),
    ),
    settleReply: repeater.repeating('settleReply', (entry) => journal.settleReply(entry)),
    readTakenChats: repeater.repeating('readTakenChats', (query) => journal.readTakenChats(query)),
    readReply: repeater.repeating('readReply', (query) => journal.readReply(query)),
    prune: repeater.repeating('prune', (entry) => journal.prune(entry)),
  }
}

type Operation<Args extends readonly unknown[], Result> = (...args: Args) => Promise<Result>

class Repeater {
  readonly #deps: StoreRetryDeps
  readonly #port: string
  /** Set from the first failure until any operation succeeds: one line in the log for each end of it. */
  #outage: { readonly sinceMs: number; failures: number } | undefined

  constructor(deps: StoreRetryDeps, port: string) {
    this.#deps = deps
    this.#port = port
  }

  /** The operation, repeated. Without failure it costs one promise and nothing else. */
  repeating<Args extends readonly unknown[], Result>(
    name: string,
    operation: Operation<Args, Result>,
  ): Operation<Args, Result> {
    return async (...args) => {
      let deadlineMs: number | undefined
      for (let failures = 1; ; failures++) {
        try {
          const result = await operation(...args)
          this.#endOutage()
          return result
        } catch (error) {
          deadlineMs ??= this.#deps.clock.monotonicMs() + this.#deps.maxWaitMs
          await this.#waitBeforeRetry(error, name, failures, deadlineMs)
        }
      }
    }
  }

  /** Throws `error` itself when repeating is over: no use, no time left, or aborted. */
  async #waitBeforeRetry(error: unknown, name: string, failures: number, deadlineMs: number): Promise<void> {
    const { clock, random, signal } = this.#deps
    const law = retryLawOf(error)
    if (law === undefined) throw error
    this.#noteFailure(error, name)
    const remainingMs = deadlineMs - clock.monotonicMs()
    if (remainingMs <= 0) throw error
    const delayMs = Math.min(backoffDelayMs(law, failures, random), remainingMs)
    await sleep(clock, 'store.retry', delayMs, signal).catch(() => {
      throw error
    })
  }

  #noteFailure(error: unknown, operation: string): void {
    if (this.#outage === undefined) {
      this.#outage = { sinceMs: this.#deps.clock.monotonicMs(), failures: 0 }
      this.#deps.logger.warn('store.failing', { port: this.#port, operation, code: errorCodeOf(error) })
    }
    this.#outage.failures++
  }

  #endOutage(): void {
    if (this.#outage === undefined) return
    const { sinceMs, failures } = this.#outage
    this.#outage = undefined
    const outageMs = this.#deps.clock.monotonicMs() - sinceMs
    this.#deps.logger.info('store.recovered', { port: this.#port, failures, outageMs })
  }
}

function isStoreErrorCode(code: ErrorCode): code is StoreErrorCode {
  return Object.hasOwn(STORE_RETRY_RULES, code)
}
