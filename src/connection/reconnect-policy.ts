/**
 * What each event does to the connection: one pure function from machine and event to machine and effects,
 * total over states × events. The moves are connection-moves.ts's, how long to wait is reconnect-delay.ts's,
 * performing is connection-keeper.ts's. An event that a state has no use for (late, or of a replaced socket)
 * changes nothing.
 */

import { backoffDelayMs } from '../backoff.ts'
import type { ChargeOutcome, LeaseStanding } from '../session/lease.ts'
import {
  afterEnd,
  connect,
  end,
  finish,
  halt,
  inState,
  proceed,
  proceedAfter,
  recordedHalt,
  stay,
} from './connection-moves.ts'
import type { PolicyContext, Step } from './connection-moves.ts'
import type {
  ConnectionEffect,
  ConnectionEvent,
  ConnectionState,
  Machine,
  SocketState,
} from './connection-state.ts'
import { CAUSE_RULES, causeOf } from './disconnect-cause.ts'
import { afterUptime } from './reconnect-delay.ts'

export function transition(machine: Machine, event: ConnectionEvent, context: PolicyContext): Step {
  switch (event.type) {
    case 'lease-changed':
      return onLeaseChanged(machine, event.standing, context)
    case 'lease-verified':
      return onLeaseVerified(machine, event, context)
    case 'attempt-answered':
      return onAttemptAnswered(machine, event, context)
    case 'timer':
      return onTimer(machine, context)
    case 'qr':
      return onQr(machine, event)
    case 'opened':
      return onOpened(machine, event, context)
    case 'closed':
      return onClosed(machine, event, context)
    case 'check-failed':
      return ownsOpenSocket(machine.state, event.generation)
        ? end(machine, machine.state, event.cause, context)
        : stay(machine)
    case 'store-failed':
      return ownsSocket(machine.state, event.generation)
        ? end(machine, machine.state, event.type, context)
        : stay(machine)
    case 'ended':
      return isEnding(machine.state, event.generation)
        ? afterEnd(machine, machine.state, context)
        : stay(machine)
    case 'halt-recorded':
      return onHaltRecorded(machine, event.isRecorded, context)
    case 'paused':
      return stay({ ...machine, isPaused: true })
    case 'resumed':
      return machine.state.status === 'waiting'
        ? proceed({ ...machine, isPaused: false }, context)
        : stay({ ...machine, isPaused: false })
    case 'stop':
      return onStop({ ...machine, isStopping: true }, context)
    default:
      return event satisfies never
  }
}

function onLeaseChanged(before: Machine, standing: LeaseStanding, context: PolicyContext): Step {
  const machine = { ...before, standing }
  const { state } = machine
  if (isSameStanding(before.standing, standing)) return stay(before)
  switch (state.status) {
    case 'standby':
    case 'charging':
    case 'waiting':
      return proceed(machine, context)
    case 'connecting':
    case 'pairing':
    case 'open':
      return end(machine, state, undefined, context)
    case 'halted':
      if (state.isRecorded || standing.status === 'none') return stay(machine)
      if (standing.status === 'halted') return stay(inState(machine, recordedHalt(standing.cause)))
      return halt(machine, state.cause)
    case 'ending':
    case 'stopped':
      return stay(machine)
    default:
      return state satisfies never
  }
}

function onLeaseVerified(
  machine: Machine,
  event: Extract<ConnectionEvent, { type: 'lease-verified' }>,
  context: PolicyContext,
): Step {
  const isOurs = machine.standing.status === 'held' && machine.standing.epoch === event.epoch
  return isOurs && event.outcome === 'lost' ? loseLease(machine, context) : stay(machine)
}

/** Proven to be another's, so unlike a lease that merely could not be renewed its credentials are stale. */
function loseLease(machine: Machine, context: PolicyContext): Step {
  const step = onLeaseChanged(machine, { status: 'none' }, context)
  return { machine: step.machine, effects: [...step.effects, { type: 'drop-auth' }] }
}

function onAttemptAnswered(
  machine: Machine,
  { ask, outcome }: { readonly ask: number; readonly outcome: ChargeOutcome },
  context: PolicyContext,
): Step {
  if (machine.state.status !== 'charging' || machine.state.ask !== ask) return stay(machine)
  const { random, settings } = context
  const unanswered = outcome.status === 'unreachable' ? machine.tally.unanswered + 1 : 0
  const answered = { ...machine, tally: { ...machine.tally, unanswered } }
  switch (outcome.status) {
    case 'granted':
      return answered.isPaused ? proceed(answered, context) : connect(answered, context)
    case 'refused':
      // The floor keeps a hasty answer from becoming a loop.
      return proceedAfter(
        answered,
        'budget',
        Math.max(outcome.retryAfterMs, settings.backoff.baseMs),
        context,
      )
    case 'unreachable':
      return proceedAfter(answered, 'store', backoffDelayMs(settings.backoff, unanswered, random), context)
    case 'lost':
      return loseLease(answered, context)
    default:
      return outcome satisfies never
  }
}

function onTimer(machine: Machine, context: PolicyContext): Step {
  const { state } = machine
  switch (state.status) {
    case 'waiting':
      return proceed(machine, context)
    case 'connecting':
      return end(machine, state, 'timed-out', context)
    case 'open': {
      const tally = afterUptime(machine.tally, context.nowMs - state.sinceMs, context.settings)
      const next = { ...state, checkAtMs: context.nowMs + context.settings.checkIntervalMs }
      const effect: ConnectionEffect = { type: 'check', generation: state.generation }
      return { machine: { ...machine, state: next, tally }, effects: [effect] }
    }
    case 'ending':
      return afterEnd(machine, state, context)
    case 'halted':
      return state.isRecorded ? stay(machine) : halt(machine, state.cause)
    case 'standby':
    case 'charging':
    case 'pairing':
    case 'stopped':
      return stay(machine)
    default:
      return state satisfies never
  }
}

function onQr(machine: Machine, event: Extract<ConnectionEvent, { type: 'qr' }>): Step {
  const { state } = machine
  const isExpected = state.status === 'connecting' || state.status === 'pairing'
  if (!isExpected || state.generation !== event.generation) return stay(machine)
  return stay(inState(machine, { status: 'pairing', generation: event.generation, qr: event.text }))
}

function onOpened(
  machine: Machine,
  { generation }: { readonly generation: number },
  { nowMs, settings }: PolicyContext,
): Step {
  const { state } = machine
  const isExpected = state.status === 'connecting' || state.status === 'pairing'
  if (!isExpected || state.generation !== generation) return stay(machine)
  const checkAtMs = nowMs + settings.checkIntervalMs
  return stay(inState(machine, { status: 'open', generation, sinceMs: nowMs, checkAtMs }))
}

function onClosed(
  machine: Machine,
  { generation, report }: Extract<ConnectionEvent, { type: 'closed' }>,
  context: PolicyContext,
): Step {
  const { state } = machine
  if (ownsSocket(state, generation)) {
    return end(machine, state, causeOf(report, { phase: state.status }), context)
  }
  if (!isEnding(state, generation)) return stay(machine)
  // The end is our own doing, so the report says little; but a terminal word of the server stands.
  const cause = causeOf(report, { phase: state.phase })
  return CAUSE_RULES[cause] === 'halt' ? stay(inState(machine, { ...state, cause })) : stay(machine)
}

function onHaltRecorded(machine: Machine, isRecorded: boolean, context: PolicyContext): Step {
  const { state } = machine
  if (state.status !== 'halted' || state.isRecorded) return stay(machine)
  if (isRecorded) return stay(inState(machine, recordedHalt(state.cause)))
  const unanswered = machine.tally.unanswered + 1
  const delayMs = backoffDelayMs(context.settings.backoff, unanswered, context.random)
  const recordAtMs = machine.standing.status === 'held' ? context.nowMs + delayMs : undefined
  return stay({ ...machine, state: { ...state, recordAtMs }, tally: { ...machine.tally, unanswered } })
}

function onStop(machine: Machine, context: PolicyContext): Step {
  const { state } = machine
  if (hasSocket(state)) return end(machine, state, undefined, context)
  return state.status === 'ending' || state.status === 'stopped' ? stay(machine) : finish(machine)
}

function hasSocket(state: ConnectionState): state is SocketState {
  return state.status === 'connecting' || state.status === 'pairing' || state.status === 'open'
}

function ownsSocket(state: ConnectionState, generation: number): state is SocketState {
  return hasSocket(state) && state.generation === generation
}

function ownsOpenSocket(
  state: ConnectionState,
  generation: number,
): state is Extract<SocketState, { status: 'open' }> {
  return state.status === 'open' && state.generation === generation
}

function isEnding(
  state: ConnectionState,
  generation: number,
): state is Extract<ConnectionState, { status: 'ending' }> {
  return state.status === 'ending' && state.generation === generation
}

function isSameStanding(a: LeaseStanding, b: LeaseStanding): boolean {
  if (a.status === 'held') return b.status === 'held' && a.epoch === b.epoch
  if (a.status === 'halted') return b.status === 'halted' && a.cause === b.cause
  return a.status === b.status
}
