/**
 * The moves a connection can make: into an attempt, into a socket, out of it, to a halt and to the stop. Which
 * event makes which move is reconnect-policy.ts's matter. Surprising: the one way into an attempt is `proceed`,
 * the one way out of a socket is `end`; so lease, pause and earliest time are looked at in one place each.
 */

import type { Random } from '../ports/random.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import type {
  ConnectionEffect,
  ConnectionState,
  Machine,
  SocketState,
  WaitReason,
} from './connection-state.ts'
import { CAUSE_RULES } from './disconnect-cause.ts'
import type { DisconnectCause } from './disconnect-cause.ts'
import { afterUptime, countDisconnect, reconnectDelayMs } from './reconnect-delay.ts'

export interface PolicyContext {
  /** Monotonic. */
  readonly nowMs: number
  readonly random: Random
  readonly settings: ConnectionSettings
  /** True when the present connection has delivered a message. */
  readonly hasInbound: boolean
}

export interface Step {
  readonly machine: Machine
  readonly effects: readonly ConnectionEffect[]
}

/** Goes for an attempt if it may: with the lease, unpaused, and not before its time. */
export function proceed(machine: Machine, context: PolicyContext): Step {
  const { standing, tally } = machine
  if (standing.status === 'none') return stay(inState(machine, { status: 'standby' }))
  if (standing.status === 'halted') {
    return { machine: inState(machine, recordedHalt(standing.cause)), effects: [{ type: 'drop-auth' }] }
  }
  if (machine.isPaused) {
    return stay(inState(machine, { status: 'waiting', why: 'paused', untilMs: undefined }))
  }
  if (context.nowMs < tally.notBeforeMs) {
    return stay(inState(machine, { status: 'waiting', why: tally.waitFor, untilMs: tally.notBeforeMs }))
  }
  const ask = tally.asks + 1
  const state: ConnectionState = { status: 'charging', ask }
  const effect: ConnectionEffect = { type: 'request-attempt', ask, epoch: standing.epoch }
  return { machine: { ...machine, state, tally: { ...tally, asks: ask } }, effects: [effect] }
}

export function proceedAfter(
  machine: Machine,
  why: WaitReason,
  delayMs: number,
  context: PolicyContext,
): Step {
  const notBeforeMs = context.nowMs + delayMs
  return proceed({ ...machine, tally: { ...machine.tally, notBeforeMs, waitFor: why } }, context)
}

export function connect(machine: Machine, { nowMs, settings }: PolicyContext): Step {
  const generation = machine.tally.generations + 1
  const deadlineMs = nowMs + settings.connectTimeoutMs
  const state: ConnectionState = { status: 'connecting', generation, deadlineMs }
  const tally = { ...machine.tally, generations: generation }
  return { machine: { ...machine, state, tally }, effects: [{ type: 'connect', generation }] }
}

/** Begins the end of the present socket, for `cause` or (undefined) for our own sake. */
export function end(
  machine: Machine,
  socket: SocketState,
  cause: DisconnectCause | undefined,
  context: PolicyContext,
): Step {
  const { nowMs, settings, hasInbound } = context
  const { generation, status: phase } = socket
  const uptimeMs = socket.status === 'open' ? nowMs - socket.sinceMs : 0
  const deafBefore = hasInbound ? 0 : machine.tally.deafReconnects
  const deafReconnects = cause === 'deaf' ? deafBefore + 1 : deafBefore
  const tally = { ...afterUptime(machine.tally, uptimeMs, settings), deafReconnects }
  const deadlineMs = nowMs + settings.endTimeoutMs
  const state: ConnectionState = { status: 'ending', generation, phase, cause, deadlineMs }
  const effects: ConnectionEffect[] = [{ type: 'end-socket', generation }]
  if (cause !== undefined && CAUSE_RULES[cause] === 'conflict' && machine.standing.status === 'held') {
    effects.push({ type: 'verify-lease', epoch: machine.standing.epoch })
  }
  return { machine: { ...machine, state, tally }, effects }
}

export function afterEnd(
  machine: Machine,
  { cause }: Extract<ConnectionState, { status: 'ending' }>,
  context: PolicyContext,
): Step {
  if (machine.isStopping) return finish(machine)
  if (cause === undefined) return proceed(machine, context)
  const tally = countDisconnect(machine.tally, cause)
  if (CAUSE_RULES[cause] === 'halt') return halt({ ...machine, tally }, cause)
  const delayMs = reconnectDelayMs(machine.tally, tally, cause, context)
  return proceedAfter({ ...machine, tally }, 'backoff', delayMs, context)
}

/** Never again; recorded at once when the lease is ours, else when it is again. */
export function halt(machine: Machine, cause: string): Step {
  const state: ConnectionState = { status: 'halted', cause, isRecorded: false, recordAtMs: undefined }
  return { machine: inState(machine, state), effects: [recordOf(machine, cause)] }
}

export function finish(machine: Machine): Step {
  return { machine: inState(machine, { status: 'stopped' }), effects: [{ type: 'finish' }] }
}

export function stay(machine: Machine): Step {
  return { machine, effects: [] }
}

export function inState(machine: Machine, state: ConnectionState): Machine {
  return { ...machine, state }
}

export function recordedHalt(cause: string): ConnectionState {
  return { status: 'halted', cause, isRecorded: true, recordAtMs: undefined }
}

function recordOf(machine: Machine, cause: string): ConnectionEffect {
  return machine.standing.status === 'held' ? { type: 'halt-session', cause } : { type: 'drop-auth' }
}
