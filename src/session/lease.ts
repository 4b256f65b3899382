/**
 * Keeps the session's lease: performs what lease-policy.ts decides, one store operation at a time, and tells
 * its owner at each change of standing. Owns two timers: the next operation and the local expiry, which runs
 * whatever the store does, so that a hung call cannot prolong a lease. When a call ends is the adapter's matter
 * (its statements have a deadline), connecting is others'.
 * Surprising: `standing()` looks at the clock itself; after a pause of the process it is `none` before any
 * timer has fired.
 */

import assert from 'node:assert/strict'
import { errorCodeOf } from '../errors.ts'
import type { Timer } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Random } from '../ports/random.ts'
import { withDeadline } from '../timing.ts'
import { askStore } from './lease-operation.ts'
import type { LeaseStoreDeps } from './lease-operation.ts'
import {
  attemptRetryAfterMs,
  decideLease,
  isSameStanding,
  provenUntilMs,
  standingOf,
} from './lease-policy.ts'
import type {
  LeaseDecision,
  LeaseEvent,
  LeaseMoment,
  LeaseOperation,
  LeaseStanding,
  LeaseState,
} from './lease-policy.ts'
import { RenewalRequests } from './lease-requests.ts'
import type { RenewalAnswer, RenewalRequest } from './lease-requests.ts'

export type { LeaseSettings, LeaseStanding } from './lease-policy.ts'

export type ChargeOutcome =
  | { readonly status: 'granted' }
  /** The budget is used up. */
  | { readonly status: 'refused'; readonly retryAfterMs: number }
  /** Not ours, or halted: no attempt; `standing()` says which. */
  | { readonly status: 'lost' }
  | { readonly status: 'unreachable' }

export interface Lease {
  standing(): LeaseStanding
  /** Renews and charges one connection attempt in one statement. Answers at the local expiry at the latest. */
  chargeAttempt(): Promise<ChargeOutcome>
  /** Renews now: is it still ours? Answers at the local expiry at the latest. */
  verify(): Promise<'held' | 'lost' | 'unreachable'>
}

export interface LeaseKeeperDeps extends LeaseStoreDeps {
  readonly random: Random
  readonly logger: Logger
  /** Called at each change, after `standing()` shows it. */
  onStanding(standing: LeaseStanding): void
}

/** How long `release` and `stop` wait for the store: the dyno has other things to do in its last 20 s. */
const STOP_DEADLINE_MS = 3_000

export class LeaseKeeper implements Lease {
  readonly #deps: LeaseKeeperDeps
  readonly #requests = new RenewalRequests()
  #state: LeaseState = { mode: 'watching', seen: undefined }
  #announced: LeaseStanding = { status: 'none' }
  #nextTimer: Timer | undefined
  #expiryTimer: Timer | undefined
  #inFlight: Promise<void> | undefined
  #isUnreachable = false
  #stopped: Promise<void> | undefined

  constructor(deps: LeaseKeeperDeps) {
    const { durationMs, marginMs, renewIntervalMs } = deps.settings
    assert(renewIntervalMs < durationMs - marginMs, 'a lease must be renewed before it is given up')
    this.#deps = deps
  }

  start(): void {
    assert(this.#inFlight === undefined && this.#nextTimer === undefined, 'started twice')
    if (this.#stopped === undefined) this.#begin({ kind: 'read' }, undefined)
  }

  standing(): LeaseStanding {
    this.#expireIfDue()
    return this.#announced
  }

  async chargeAttempt(): Promise<ChargeOutcome> {
    const { clock, settings } = this.#deps
    if (this.standing().status === 'halted') return { status: 'lost' }
    const answer = await this.#renewNow(true)
    if (answer.status !== 'renewed') return { status: answer.status }
    const { haltedBy, isCharged, attemptTimesMs } = answer.renewal
    if (haltedBy !== undefined) return { status: 'lost' }
    if (isCharged) return { status: 'granted' }
    return { status: 'refused', retryAfterMs: attemptRetryAfterMs(attemptTimesMs, clock.nowMs(), settings) }
  }

  async verify(): Promise<'held' | 'lost' | 'unreachable'> {
    const answer = await this.#renewNow(false)
    return answer.status === 'renewed' ? 'held' : answer.status
  }

  /** Gives the lease back, so that another may have it at once, and stops. Waits 3 s at most. */
  release(): Promise<void> {
    return this.#shutDown(true)
  }

  /** Stops and leaves the row as it is: it expires, or the next process of this owner takes it. */
  stop(): Promise<void> {
    return this.#shutDown(false)
  }

  async #renewNow(isCharge: boolean): Promise<RenewalAnswer> {
    if (this.standing().status === 'none') {
      return { status: this.#state.mode === 'watching' ? 'lost' : 'unreachable' }
    }
    const answer = this.#requests.add(isCharge)
    this.#goOn(undefined)
    return answer
  }

  /** Begins what is due, unless an operation is in flight: requests first, then the plan. */
  #goOn(next: LeaseDecision['next']): void {
    if (this.#inFlight !== undefined || this.#stopped !== undefined) return
    const request = this.#requests.oldest
    if (request !== undefined && this.#state.mode === 'holding') {
      this.#begin({ kind: 'renew', epoch: this.#state.epoch }, request)
    } else if (next !== undefined) {
      this.#nextTimer?.cancel()
      this.#nextTimer = this.#deps.clock.setTimer('lease.next', next.delayMs, () =>
        this.#begin(next.operation, undefined),
      )
    }
  }

  #begin(operation: LeaseOperation, request: RenewalRequest | undefined): void {
    // After a pause this may be the first callback to run.
    this.#expireIfDue()
    this.#nextTimer?.cancel()
    this.#nextTimer = undefined
    this.#inFlight = this.#perform(operation, request)
  }

  async #perform(operation: LeaseOperation, request: RenewalRequest | undefined): Promise<void> {
    const issuedAtMs = this.#deps.clock.monotonicMs()
    const event = await this.#ask(operation, request)
    this.#inFlight = undefined
    const next = this.#apply(event, { issuedAtMs, nowMs: this.#deps.clock.monotonicMs() })
    if (request !== undefined) this.#requests.answer(request, event)
    this.#goOn(next)
  }

  async #ask(operation: LeaseOperation, request: RenewalRequest | undefined): Promise<LeaseEvent> {
    try {
      const event = await askStore(this.#deps, operation, request?.isCharge === true)
      if (this.#isUnreachable) this.#deps.logger.info('lease.reachable')
      this.#isUnreachable = false
      return event
    } catch (error) {
      const fields = { operation: operation.kind, code: errorCodeOf(error) }
      if (!this.#isUnreachable) this.#deps.logger.warn('lease.unreachable', fields)
      this.#isUnreachable = true
      return { type: 'failed' }
    }
  }

  /** The one place where the state changes. */
  #apply(event: LeaseEvent, moment: LeaseMoment): LeaseDecision['next'] {
    const before = this.#state
    const { state, next } = decideLease(before, event, moment, this.#deps)
    this.#state = state
    if (this.#stopped !== undefined) return undefined
    if (state.mode !== before.mode) this.#logChange(before, state)
    this.#keepExpiryTimer()
    this.#announce(standingOf(state))
    if (state.mode !== 'holding') this.#requests.answerAll(state.mode === 'unproven' ? 'unreachable' : 'lost')
    return next
  }

  #expireIfDue(): void {
    const nowMs = this.#deps.clock.monotonicMs()
    if (this.#state.mode !== 'holding' || nowMs < provenUntilMs(this.#state, this.#deps.settings)) return
    this.#apply({ type: 'tick' }, { issuedAtMs: nowMs, nowMs })
  }

  /** One timer for many renewals: when it fires early it is set again for the rest. */
  #keepExpiryTimer(): void {
    if (this.#state.mode !== 'holding') {
      this.#expiryTimer?.cancel()
      this.#expiryTimer = undefined
    } else if (this.#expiryTimer === undefined) {
      const { clock, settings } = this.#deps
      const remainingMs = Math.max(0, provenUntilMs(this.#state, settings) - clock.monotonicMs())
      this.#expiryTimer = clock.setTimer('lease.expiry', Math.ceil(remainingMs), () => {
        this.#expiryTimer = undefined
        this.#expireIfDue()
        this.#keepExpiryTimer()
      })
    }
  }

  #announce(standing: LeaseStanding): void {
    if (isSameStanding(standing, this.#announced)) return
    this.#announced = standing
    this.#deps.onStanding(standing)
  }

  #logChange(before: LeaseState, after: LeaseState): void {
    const { logger } = this.#deps
    if (after.mode === 'holding') {
      logger.info(before.mode === 'watching' ? 'lease.taken' : 'lease.regained', { epoch: after.epoch })
    } else if (before.mode !== 'watching') {
      logger.warn(after.mode === 'unproven' ? 'lease.unproven' : 'lease.lost', { epoch: before.epoch })
    }
  }

  #shutDown(isReleasing: boolean): Promise<void> {
    if (this.#stopped !== undefined) return this.#stopped
    this.#stopped = this.#finish(isReleasing)
    this.#nextTimer?.cancel()
    this.#expiryTimer?.cancel()
    this.#requests.answerAll('unreachable')
    // Before the release is issued: nobody may believe in a lease that is on its way back.
    this.#announce({ status: 'none' })
    return this.#stopped
  }

  async #finish(isReleasing: boolean): Promise<void> {
    const { store, clock, logger, owner } = this.#deps
    let isOverdue = false
    const work = async (): Promise<void> => {
      // A take in flight may still make it ours.
      await this.#inFlight
      if (!isReleasing || isOverdue || this.#state.mode === 'watching') return
      const wasOurs = await store.releaseLease({ owner, epoch: this.#state.epoch })
      logger.info('lease.released', { epoch: this.#state.epoch, wasOurs })
    }
    await withDeadline(clock, 'lease.stop', STOP_DEADLINE_MS, work()).catch((error: unknown) => {
      isOverdue = true
      logger.warn('lease.stop-failed', { code: errorCodeOf(error) })
    })
  }
}
