/**
 * What the supervisor does next. Pure: state and event in, state and effects out. The states:
 * `running`: a bot process lives. `ending`: it lives and was asked to end, or killed. `waiting`: none lives,
 * the next start has a time. `stopping`: SIGTERM has come and it lives still. `over`: left.
 * One invariant carries the rest: a process is started from `waiting` alone, and `waiting` is entered only by
 * the confirmed end of the one before, so never do two live at once.
 */

import type { ChildExit } from '../ports/child-process.ts'
import { EXIT_STATUS } from '../ports/exit.ts'
import type { DynoExitReason } from '../ports/exit.ts'
import type { Random } from '../ports/random.ts'
import { afterEnd, startedAt } from './restart-policy.ts'
import type { EndKind, RestartDelay, RestartSettings, RestartState } from './restart-policy.ts'

export type SupervisorState =
  | { readonly status: 'waiting' }
  | { readonly status: 'running'; readonly sinceMs: number }
  | {
      readonly status: 'ending'
      readonly sinceMs: number
      readonly kind: EndKind
      readonly isKilled: boolean
    }
  | { readonly status: 'stopping'; readonly isKilled: boolean }
  | { readonly status: 'over' }

export interface SupervisorMachine {
  readonly state: SupervisorState
  readonly restarts: RestartState
  /** Starts in a row that the system refused. */
  readonly unspawnable: number
}

export type SupervisorEvent =
  /** The wait before a start is over; also the very first one. */
  | { readonly type: 'start-due' }
  | { readonly type: 'ended'; readonly exit: ChildExit }
  | { readonly type: 'hung' }
  | { readonly type: 'memory'; readonly order: 'recycle' | 'kill' }
  /** SIGTERM; may come twice. */
  | { readonly type: 'terminate' }
  /** What was asked to end has not ended in its time. */
  | { readonly type: 'patience-over' }
  /** What was killed has not ended: the system does not end it. */
  | { readonly type: 'unkillable' }

export type SupervisorEffect =
  | { readonly type: 'spawn' }
  /** Also starts the time after which `patience-over` is due. */
  | { readonly type: 'ask'; readonly what: 'terminate' | 'recycle' }
  /** Also starts the time after which `unkillable` is due. */
  | { readonly type: 'kill' }
  | {
      readonly type: 'wait'
      readonly kind: EndKind
      readonly uptimeMs: number
      readonly delay: Omit<RestartDelay, 'state'>
    }
  | { readonly type: 'leave'; readonly reason: DynoExitReason }

export interface SupervisorStep {
  readonly machine: SupervisorMachine
  readonly effects: readonly SupervisorEffect[]
}

export interface SupervisorContext {
  /** Monotonic. */
  readonly nowMs: number
  readonly random: Random
  readonly settings: RestartSettings
}

const KILL = { type: 'kill' } as const

/** A system that has refused so many starts in a row, backed off between, will not recover; a new dyno will. */
export const MAX_UNSPAWNABLE = 8

export function transition(
  machine: SupervisorMachine,
  event: SupervisorEvent,
  context: SupervisorContext,
): SupervisorStep {
  const { state } = machine
  switch (event.type) {
    case 'start-due':
      return state.status === 'waiting' ? start(machine, context) : stay(machine)
    case 'ended':
      return ended(machine, event.exit, context)
    case 'hung':
      return state.status === 'running' ? end(machine, state.sinceMs, 'hung', KILL) : stay(machine)
    case 'memory':
      return memory(machine, event.order)
    case 'terminate':
      return terminate(machine)
    case 'patience-over':
      return kill(machine)
    case 'unkillable':
      return state.status === 'ending' || state.status === 'stopping'
        ? leave(machine, 'system')
        : stay(machine)
    default:
      return event satisfies never
  }
}

function start(machine: SupervisorMachine, { nowMs, settings }: SupervisorContext): SupervisorStep {
  const restarts = startedAt(machine.restarts, nowMs, settings)
  return {
    machine: { ...machine, restarts, state: { status: 'running', sinceMs: nowMs } },
    effects: [{ type: 'spawn' }],
  }
}

function ended(machine: SupervisorMachine, exit: ChildExit, context: SupervisorContext): SupervisorStep {
  const { state } = machine
  if (state.status === 'stopping') return leave(machine, state.isKilled ? 'bot-killed' : 'stopped')
  if (state.status !== 'running' && state.status !== 'ending') return stay(machine)
  const kind = kindOf(exit, state.status === 'ending' ? state.kind : undefined)
  const unspawnable = kind === 'unspawnable' ? machine.unspawnable + 1 : 0
  if (unspawnable >= MAX_UNSPAWNABLE) return leave(machine, 'system')
  const uptimeMs = context.nowMs - state.sinceMs
  const { settings, random, nowMs } = context
  const { state: restarts, ...delay } = afterEnd(
    machine.restarts,
    { kind, uptimeMs, nowMs },
    settings,
    random,
  )
  return {
    machine: { state: { status: 'waiting' }, restarts, unspawnable },
    effects: [{ type: 'wait', kind, uptimeMs, delay }],
  }
}

/** @param ordered why we ended it, if we did */
function kindOf(exit: ChildExit, ordered: EndKind | undefined): EndKind {
  if (exit.spawnError !== undefined) return 'unspawnable'
  if (ordered !== undefined) return ordered
  if (exit.exitCode === EXIT_STATUS.recycle) return 'recycled'
  return exit.exitCode === EXIT_STATUS.stopped ? 'stopped' : 'crashed'
}

function memory(machine: SupervisorMachine, order: 'recycle' | 'kill'): SupervisorStep {
  const { state } = machine
  if (state.status !== 'running') return order === 'kill' ? kill(machine) : stay(machine)
  return end(machine, state.sinceMs, 'memory', order === 'kill' ? KILL : { type: 'ask', what: 'recycle' })
}

function terminate(machine: SupervisorMachine): SupervisorStep {
  const { state } = machine
  switch (state.status) {
    case 'waiting':
      return leave(machine, 'stopped')
    case 'running':
    case 'ending': {
      // What was killed already cannot be asked any more.
      const isKilled = state.status === 'ending' && state.isKilled
      const effects = isKilled ? [] : [{ type: 'ask', what: 'terminate' } as const]
      return { machine: { ...machine, state: { status: 'stopping', isKilled } }, effects }
    }
    case 'stopping':
    case 'over':
      return stay(machine)
    default:
      return state satisfies never
  }
}

/** Once: the time after which a killed process counts as unkillable begins with the first. */
function kill(machine: SupervisorMachine): SupervisorStep {
  const { state } = machine
  if ((state.status !== 'stopping' && state.status !== 'ending') || state.isKilled) return stay(machine)
  return { machine: { ...machine, state: { ...state, isKilled: true } }, effects: [KILL] }
}

function end(
  machine: SupervisorMachine,
  sinceMs: number,
  kind: EndKind,
  effect: SupervisorEffect,
): SupervisorStep {
  const isKilled = effect.type === 'kill'
  return { machine: { ...machine, state: { status: 'ending', sinceMs, kind, isKilled } }, effects: [effect] }
}

function leave(machine: SupervisorMachine, reason: DynoExitReason): SupervisorStep {
  return { machine: { ...machine, state: { status: 'over' } }, effects: [{ type: 'leave', reason }] }
}

function stay(machine: SupervisorMachine): SupervisorStep {
  return { machine, effects: [] }
}
