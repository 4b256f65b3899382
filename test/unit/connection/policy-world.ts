/**
 * Drives the pure policy as a keeper would, without promises or timers: time moves by hand, what the policy
 * asked for is answered when the test says so. Keeps book of sockets, grants and failures by itself, so that a
 * property compares the policy with something other than the policy.
 */

import assert from 'node:assert/strict'
import { INITIAL_MACHINE, timerOf } from '../../../src/connection/connection-state.ts'
import type {
  CheckFailure,
  ConnectionEffect,
  ConnectionEvent,
  Machine,
} from '../../../src/connection/connection-state.ts'
import type { DisconnectCause } from '../../../src/connection/disconnect-cause.ts'
import { transition } from '../../../src/connection/reconnect-policy.ts'
import type { Random } from '../../../src/ports/random.ts'
import type { CloseReport } from '../../../src/ports/whatsapp-socket.ts'
import type { ChargeOutcome, LeaseStanding } from '../../../src/session/lease.ts'
import { seededRandom, SETTINGS } from './settings.ts'

export const TERMINAL_CODES = [401, 402, 403, 406, 411]

export class PolicyWorld {
  machine: Machine = INITIAL_MACHINE
  nowMs = 0
  readonly random: Random
  hasInbound = false
  standing: LeaseStanding = { status: 'none' }
  /** Every effect so far. */
  readonly effects: ConnectionEffect[] = []
  /** Sockets made and not yet ended. */
  liveSockets: number[] = []
  grants = 0
  connects = 0
  isTerminal = false

  constructor(seed = 1) {
    this.random = seededRandom(seed)
  }

  get status(): Machine['state']['status'] {
    return this.machine.state.status
  }

  get failures(): number {
    return this.machine.tally.failures
  }

  dispatch(event: ConnectionEvent): readonly ConnectionEffect[] {
    const context = {
      nowMs: this.nowMs,
      random: this.random,
      settings: SETTINGS,
      hasInbound: this.hasInbound,
    }
    const { machine, effects } = transition(this.machine, event, context)
    this.machine = machine
    for (const effect of effects) this.#note(effect)
    if (machine.state.status !== 'ending') this.#forgetEnding()
    return effects
  }

  lease(standing: LeaseStanding): void {
    this.standing = standing
    this.dispatch({ type: 'lease-changed', standing })
  }

  hold(epoch = 1): void {
    this.lease({ status: 'held', epoch })
  }

  answer(outcome: ChargeOutcome): void {
    const ask = this.machine.tally.asks
    const isCurrent = this.machine.state.status === 'charging' && outcome.status === 'granted'
    if (isCurrent) this.grants += 1
    this.dispatch({ type: 'attempt-answered', ask, outcome })
    if (outcome.status === 'lost' && this.machine.standing.status === 'none')
      this.standing = { status: 'none' }
  }

  grant(): void {
    this.answer({ status: 'granted' })
  }

  open(): void {
    this.dispatch({ type: 'opened', generation: this.machine.tally.generations })
  }

  qr(): void {
    this.dispatch({ type: 'qr', generation: this.machine.tally.generations, text: 'qr' })
  }

  close(statusCode: number | undefined, message = ''): void {
    this.report({ statusCode, message })
  }

  report(report: CloseReport): void {
    const isLive = ['connecting', 'pairing', 'open', 'ending'].includes(this.status)
    if (isLive && TERMINAL_CODES.includes(report.statusCode ?? 0)) this.isTerminal = true
    this.dispatch({ type: 'closed', generation: this.machine.tally.generations, report })
  }

  ended(): void {
    this.dispatch({ type: 'ended', generation: this.machine.tally.generations })
  }

  failCheck(cause: CheckFailure): void {
    this.dispatch({ type: 'check-failed', generation: this.machine.tally.generations, cause })
  }

  /** Lets time pass, firing the state's timer each time it is due. */
  advance(durationMs: number): void {
    const endMs = this.nowMs + durationMs
    for (let due = timerOf(this.machine.state); due !== undefined && due.dueMs <= endMs;) {
      this.nowMs = Math.max(this.nowMs, due.dueMs)
      this.dispatch({ type: 'timer' })
      due = timerOf(this.machine.state)
    }
    this.nowMs = endMs
  }

  /** From any waiting to the next open connection. */
  reconnect(): void {
    const { state } = this.machine
    if (state.status === 'waiting' && state.untilMs !== undefined) this.advance(state.untilMs - this.nowMs)
    this.grant()
    this.open()
  }

  /** Ends the present connection with this code, all the way to what follows. Returns the wait, if any. */
  fail(statusCode: number | undefined, message = ''): number | undefined {
    this.close(statusCode, message)
    this.ended()
    return this.waitMs()
  }

  waitMs(): number | undefined {
    const { state } = this.machine
    return state.status === 'waiting' && state.untilMs !== undefined ? state.untilMs - this.nowMs : undefined
  }

  lastCause(): DisconnectCause | undefined {
    return this.machine.tally.lastCause
  }

  #note(effect: ConnectionEffect): void {
    this.effects.push(effect)
    if (effect.type === 'connect') {
      this.connects += 1
      this.hasInbound = false
      this.liveSockets.push(effect.generation)
    } else if (effect.type === 'end-socket') {
      assert(this.liveSockets.includes(effect.generation), 'ends a socket that is not there')
    }
  }

  /** Leaving `ending` means: it ended, or it was waited for long enough. */
  #forgetEnding(): void {
    const ended = this.effects.flatMap((effect) => (effect.type === 'end-socket' ? [effect.generation] : []))
    this.liveSockets = this.liveSockets.filter((generation) => !ended.includes(generation))
  }
}
