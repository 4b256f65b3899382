/**
 * Who owns the session: the decisions, from state and event to state and next operation. lease.ts performs them.
 * States: `watching` (somebody else may hold it; `seen` is what the row showed and since when), `holding`
 * (proven by a renewal) and `unproven` (ours when last seen, but given up locally for lack of proof).
 * All times are this process's monotonic clock. A holder counts from the moment it *issued* the last renewal
 * that succeeded, a taker from the *answer* that first showed the stamp: each errs to its own cost, so the two
 * never overlap while the clocks' drift over one lease is less than the margin.
 */

import assert from 'node:assert/strict'
import { backoffDelayMs } from '../backoff.ts'
import type { Random } from '../ports/random.ts'
import type { LeaseRenewal, LeaseRow, LeaseStamp } from '../ports/session-store.ts'

export interface LeaseSettings {
  /** A stamp unchanged for so long may be taken over; default 45,000. */
  readonly durationMs: number
  /** Default 15,000. */
  readonly renewIntervalMs: number
  /** The holder gives up this long before expiry; more than the clocks can drift apart; default 10,000. */
  readonly marginMs: number
  /** How often a standby looks; default 5,000. */
  readonly pollIntervalMs: number
  /** Rolling window of the connection attempts' budget; default 600,000. */
  readonly attemptWindowMs: number
  /** Default 12. */
  readonly maxAttemptsPerWindow: number
}

export type LeaseStanding =
  /** Never held, given up for lack of proof, or lost: stand by. */
  | { readonly status: 'none' }
  | { readonly status: 'held'; readonly epoch: number }
  /** Held and renewed, so that one owner reports it, but the session was halted for good. */
  | { readonly status: 'halted'; readonly cause: string }

export type LeaseState =
  | {
      readonly mode: 'watching'
      readonly seen: { readonly stamp: LeaseStamp; readonly sinceMs: number } | undefined
    }
  | {
      readonly mode: 'holding'
      readonly epoch: number
      /** When the last successful renewal (or the take) was issued. */
      readonly provenAtMs: number
      readonly haltedBy: string | undefined
      /** Renewals failed in a row. */
      readonly failures: number
    }
  | { readonly mode: 'unproven'; readonly epoch: number; readonly failures: number }

export type LeaseOperation =
  | { readonly kind: 'read' }
  | { readonly kind: 'take'; readonly expected: LeaseStamp | undefined }
  | { readonly kind: 'renew'; readonly epoch: number }

/** What an operation answered, or `tick`: time has passed. */
export type LeaseEvent =
  | { readonly type: 'read'; readonly row: LeaseRow | undefined }
  | { readonly type: 'taken'; readonly row: LeaseRow | undefined }
  | { readonly type: 'renewed'; readonly renewal: LeaseRenewal }
  | { readonly type: 'failed' }
  | { readonly type: 'tick' }

export interface LeaseMoment {
  /** When the operation that answered was issued. */
  readonly issuedAtMs: number
  readonly nowMs: number
}

export interface LeaseContext {
  readonly owner: string
  readonly settings: LeaseSettings
  readonly random: Random
}

export interface LeaseDecision {
  readonly state: LeaseState
  /** What to ask the store next; undefined leaves the present plan as it is. */
  readonly next: { readonly operation: LeaseOperation; readonly delayMs: number } | undefined
}

/** A failed renewal is repeated after 1 to 2 s at first, then more slowly, up to a standby's rhythm. */
const FIRST_RETRY_ENVELOPE_MS = 2_000

/** Proof that has run out by `moment.nowMs` is gone before the event itself is looked at. */
export function decideLease(
  before: LeaseState,
  event: LeaseEvent,
  moment: LeaseMoment,
  context: LeaseContext,
): LeaseDecision {
  const state = withoutStaleProof(before, moment.nowMs, context.settings)
  switch (event.type) {
    case 'read':
      return afterRead(state, event.row, moment, context)
    case 'taken':
      return event.row === undefined
        ? watch(undefined, pollDelayMs(context))
        : afterProof(event.row.epoch, event.row.haltedBy, moment, context)
    case 'renewed':
      assert(state.mode !== 'watching', 'a renewal answered while watching')
      return event.renewal.status === 'lost'
        ? watch(undefined, 0)
        : afterProof(state.epoch, event.renewal.haltedBy, moment, context)
    case 'failed':
      return afterFailure(state, context)
    case 'tick':
      return { state, next: undefined }
    default:
      return event satisfies never
  }
}

/** Until when a holder may believe in its lease. */
export function provenUntilMs(state: { readonly provenAtMs: number }, settings: LeaseSettings): number {
  return state.provenAtMs + settings.durationMs - settings.marginMs
}

export function standingOf(state: LeaseState): LeaseStanding {
  if (state.mode !== 'holding') return { status: 'none' }
  if (state.haltedBy !== undefined) return { status: 'halted', cause: state.haltedBy }
  return { status: 'held', epoch: state.epoch }
}

export function isSameStanding(a: LeaseStanding, b: LeaseStanding): boolean {
  if (a.status === 'held') return b.status === 'held' && a.epoch === b.epoch
  if (a.status === 'halted') return b.status === 'halted' && a.cause === b.cause
  return a.status === b.status
}

/**
 * How long a refused attempt waits until the window has room, 1 ms to the whole window.
 * @param attemptTimesMs wall-clock times inside the window, oldest first.
 */
export function attemptRetryAfterMs(
  attemptTimesMs: readonly number[],
  nowMs: number,
  settings: LeaseSettings,
): number {
  // With n attempts in the window there is room when the (n − max + 1)th oldest has left it.
  const leaving = attemptTimesMs[Math.max(0, attemptTimesMs.length - settings.maxAttemptsPerWindow)] ?? nowMs
  return Math.min(settings.attemptWindowMs, Math.max(1, leaving + settings.attemptWindowMs - nowMs))
}

function afterRead(
  state: LeaseState,
  row: LeaseRow | undefined,
  { nowMs }: LeaseMoment,
  context: LeaseContext,
): LeaseDecision {
  assert(state.mode === 'watching', `a read answered while ${state.mode}`)
  if (row === undefined)
    return { state, next: { operation: { kind: 'take', expected: undefined }, delayMs: 0 } }
  const stamp: LeaseStamp = { epoch: row.epoch, counter: row.counter }
  const seen = isSameStamp(state.seen?.stamp, stamp) ? state.seen : undefined
  const sinceMs = seen?.sinceMs ?? nowMs
  const remainingMs = sinceMs + context.settings.durationMs - nowMs
  // A row of our own owner is our predecessor's in this dyno boot, whose end was confirmed before we started.
  if (row.isReleased || row.owner === context.owner || remainingMs <= 0) {
    return { state, next: { operation: { kind: 'take', expected: stamp }, delayMs: 0 } }
  }
  return watch({ stamp, sinceMs }, Math.min(pollDelayMs(context), Math.ceil(remainingMs)))
}

function afterProof(
  epoch: number,
  haltedBy: string | undefined,
  { issuedAtMs, nowMs }: LeaseMoment,
  { settings }: LeaseContext,
): LeaseDecision {
  const state = withoutStaleProof(
    { mode: 'holding', epoch, provenAtMs: issuedAtMs, haltedBy, failures: 0 },
    nowMs,
    settings,
  )
  // An answer that took so long proves nothing any more: ask again.
  const delayMs = state.mode === 'unproven' ? 0 : Math.max(0, issuedAtMs + settings.renewIntervalMs - nowMs)
  return { state, next: { operation: { kind: 'renew', epoch }, delayMs } }
}

function withoutStaleProof(state: LeaseState, nowMs: number, settings: LeaseSettings): LeaseState {
  if (state.mode !== 'holding' || nowMs < provenUntilMs(state, settings)) return state
  return { mode: 'unproven', epoch: state.epoch, failures: state.failures }
}

function afterFailure(state: LeaseState, context: LeaseContext): LeaseDecision {
  if (state.mode === 'watching') return watch(state.seen, pollDelayMs(context))
  const failures = state.failures + 1
  const law = { baseMs: FIRST_RETRY_ENVELOPE_MS, capMs: context.settings.pollIntervalMs }
  return {
    state: { ...state, failures },
    next: {
      operation: { kind: 'renew', epoch: state.epoch },
      delayMs: backoffDelayMs(law, failures, context.random),
    },
  }
}

function watch(seen: Extract<LeaseState, { mode: 'watching' }>['seen'], delayMs: number): LeaseDecision {
  return { state: { mode: 'watching', seen }, next: { operation: { kind: 'read' }, delayMs } }
}

/** The interval ± 10 %, so that two standbys do not look in step. */
function pollDelayMs({ settings, random }: LeaseContext): number {
  return Math.floor(settings.pollIntervalMs * (0.9 + 0.2 * random.next()))
}

function isSameStamp(a: LeaseStamp | undefined, b: LeaseStamp): boolean {
  return a?.epoch === b.epoch && a.counter === b.counter
}
