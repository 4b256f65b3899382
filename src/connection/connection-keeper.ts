/**
 * Keeps one connection to WhatsApp: performs what reconnect-policy.ts decides, and logs every change of
 * state. Owns the machine's state and the order of events; sockets and credentials are effect-performer.ts's.
 * Surprising: events raised while another is being handled wait their turn, because a socket may speak (and a
 * lease may expire) in the middle of a call.
 */

import { AppError } from '../errors.ts'
import type { Random } from '../ports/random.ts'
import type { OutgoingMessage } from '../ports/whatsapp-socket.ts'
import type { LeaseStanding } from '../session/lease.ts'
import { sleep } from '../timing.ts'
import { INITIAL_MACHINE, timerOf } from './connection-state.ts'
import type { ConnectionEvent, Machine } from './connection-state.ts'
import { isNews, logChange, statusOf } from './connection-status.ts'
import type { ConnectionStatus } from './connection-status.ts'
import { EffectPerformer } from './effect-performer.ts'
import type { EffectDeps } from './effect-performer.ts'
import { transition } from './reconnect-policy.ts'
import { StateTimerSlot } from './state-timer.ts'

export type { ConnectionAuth } from './auth-holder.ts'
export type { ConnectionSettings } from './connection-settings.ts'
export type { ConnectionStatus } from './connection-status.ts'

export interface ConnectionKeeperDeps extends EffectDeps {
  readonly random: Random
  /** Called after each change worth reporting. */
  onStatus(status: ConnectionStatus): void
}

/** How often `whenUsable` looks. */
const USABLE_POLL_MS = 250

export class ConnectionKeeper {
  readonly #deps: ConnectionKeeperDeps
  readonly #effects: EffectPerformer
  readonly #timer: StateTimerSlot
  #machine: Machine = INITIAL_MACHINE
  /** Wall-clock time at which the present state began. */
  #sinceMs: number
  #isStarted = false
  readonly #events: ConnectionEvent[] = []
  #isDraining = false
  readonly #pauses = new Set<string>()
  readonly #stopSignal = new AbortController()

  constructor(deps: ConnectionKeeperDeps) {
    this.#deps = deps
    this.#effects = new EffectPerformer(deps, (event) => this.#dispatch(event))
    this.#timer = new StateTimerSlot({ clock: deps.clock, onDue: () => this.#dispatch({ type: 'timer' }) })
    this.#sinceMs = deps.clock.nowMs()
  }

  /** Connects as soon as the lease is ours. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.leaseChanged(this.#deps.lease.standing())
  }

  /** To be called at each change of the lease's standing; before `start` it is ignored. */
  leaseChanged(standing: LeaseStanding): void {
    if (this.#isStarted) this.#dispatch({ type: 'lease-changed', standing })
  }

  status(): ConnectionStatus {
    return statusOf(this.#machine, { sinceMs: this.#sinceMs, clock: this.#deps.clock })
  }

  /** True when a message can be sent: the socket is open and the lease is proven right now. */
  isUsable(): boolean {
    // Asked first: it looks at the clock, and an expired lease ends the socket on the spot.
    return this.#deps.lease.standing().status === 'held' && this.#machine.state.status === 'open'
  }

  /**
   * Resolves when the connection is usable, which it looks for every 250 ms.
   * @throws AppError `timed-out`; `aborted` when the keeper is stopped.
   */
  async whenUsable(timeoutMs: number): Promise<void> {
    const { clock } = this.#deps
    const deadlineMs = clock.monotonicMs() + timeoutMs
    while (!this.isUsable()) {
      const remainingMs = deadlineMs - clock.monotonicMs()
      if (remainingMs <= 0) throw new AppError('timed-out', `not connected within ${timeoutMs} ms`)
      await sleep(clock, 'connection.usable', Math.min(USABLE_POLL_MS, remainingMs), this.#stopSignal.signal)
    }
  }

  /** @throws AppError `socket-closed` when not usable, or when the socket dies before the send is through. */
  async send(message: OutgoingMessage): Promise<void> {
    // After a pause of the process the lease may be gone before any timer has fired.
    const session = this.isUsable() ? this.#effects.session : undefined
    if (session === undefined) throw new AppError('socket-closed', 'not connected to WhatsApp')
    return session.send(message)
  }

  /**
   * Sends something that its phone answers when it is on, and that no chat shows.
   * @throws AppError `timed-out` or `socket-closed`; that the phone is off is no failure
   */
  async askPhone(): Promise<void> {
    const session = this.isUsable() ? this.#effects.session : undefined
    if (session === undefined) throw new AppError('socket-closed', 'not connected to WhatsApp')
    return session.probe(this.#deps.settings.probeTimeoutMs)
  }

  /** No new attempt until each reason is resumed; a socket that exists stays. */
  pauseAttempts(reason: string): void {
    this.#pauses.add(reason)
    if (this.#pauses.size === 1) this.#dispatch({ type: 'paused' })
  }

  resumeAttempts(reason: string): void {
    if (this.#pauses.delete(reason) && this.#pauses.size === 0) this.#dispatch({ type: 'resumed' })
  }

  /**
   * Ends the socket (never logs out), flushes and closes the credentials. Takes twice `endTimeoutMs` at most:
   * once for the socket, once for the store.
   */
  stop(): Promise<void> {
    if (!this.#stopSignal.signal.aborted) {
      this.#stopSignal.abort()
      this.#dispatch({ type: 'stop' })
    }
    return this.#effects.finished
  }

  #dispatch(event: ConnectionEvent): void {
    this.#events.push(event)
    if (this.#isDraining) return
    this.#isDraining = true
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#apply(next)
    } finally {
      this.#isDraining = false
    }
  }

  /** The one place where the state changes. */
  #apply(event: ConnectionEvent): void {
    const { clock, random, settings, logger } = this.#deps
    const before = this.#machine
    const hasInbound = this.#effects.session?.hasInbound ?? false
    const context = { nowMs: clock.monotonicMs(), random, settings, hasInbound }
    const { machine, effects } = transition(before, event, context)
    this.#machine = machine
    if (machine.state.status !== before.state.status) this.#sinceMs = clock.nowMs()
    this.#timer.set(timerOf(machine.state))
    logChange(logger, { before, after: machine, nowMs: context.nowMs, settings })
    for (const effect of effects) this.#effects.perform(effect)
    if (isNews(before, machine)) this.#deps.onStatus(this.status())
  }
}
