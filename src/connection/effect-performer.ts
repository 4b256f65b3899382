/**
 * Performs the effects that the policy decides, and reports back by events. Owns the one socket, the
 * credentials and the work under way; decides nothing. Surprising: an answer that comes late is reported all the
 * same, since ask, epoch or generation in the event let the policy ignore it.
 */

import assert from 'node:assert/strict'
import { errorCodeOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { InboundMessage, WhatsappConnector } from '../ports/whatsapp-socket.ts'
import type { ChargeOutcome, Lease } from '../session/lease.ts'
import { withDeadline } from '../timing.ts'
import { AuthHolder } from './auth-holder.ts'
import type { ConnectionAuth } from './auth-holder.ts'
import { checkConnection } from './connection-check.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import type { ConnectionEffect, ConnectionEvent } from './connection-state.ts'
import { SocketSession } from './socket-session.ts'

export interface EffectDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly connector: WhatsappConnector
  readonly lease: Lease
  openAuth(epoch: number): Promise<ConnectionAuth>
  /** Records durably that the session is halted for good. */
  haltSession(cause: string): Promise<void>
  accept(message: InboundMessage): Promise<void>
  onAck(messageId: string, errorCode: number | undefined): void
  onPhoneSeen(atMs: number): void
  readonly settings: ConnectionSettings
}

type EffectOf<Type extends ConnectionEffect['type']> = Extract<ConnectionEffect, { type: Type }>

export class EffectPerformer {
  readonly #deps: EffectDeps
  readonly #dispatch: (event: ConnectionEvent) => void
  readonly #auth: AuthHolder
  #session: SocketSession | undefined
  /** The ask whose answer counts; 0 after the stop. */
  #asking = 0
  /** The generation whose check is under way. */
  #checking: number | undefined
  /**
   * The phone has answered in time since its silence last cost a connection, so it is on as far as we know. Thus a
   * phone that is off, or that sleeps and answers late, costs one connection each time and not one each probe.
   */
  #isPhoneExpected = false
  /** Each records its own failure. */
  readonly #background = new Set<Promise<void>>()
  readonly #finished = Promise.withResolvers<void>()

  constructor(deps: EffectDeps, dispatch: (event: ConnectionEvent) => void) {
    this.#deps = deps
    this.#dispatch = dispatch
    this.#auth = new AuthHolder(deps)
  }

  /** The socket in use; undefined from the moment its end begins. */
  get session(): SocketSession | undefined {
    return this.#session
  }

  /** Resolves after the effect `finish`, when nothing is left running. */
  get finished(): Promise<void> {
    return this.#finished.promise
  }

  perform(effect: ConnectionEffect): void {
    switch (effect.type) {
      case 'request-attempt':
        return this.#inBackground(this.#requestAttempt(effect))
      case 'connect':
        return this.#connect(effect.generation)
      case 'end-socket':
        return this.#endSocket(effect.generation)
      case 'check':
        return this.#inBackground(this.#check(effect.generation))
      case 'verify-lease':
        return this.#inBackground(this.#verifyLease(effect.epoch))
      case 'halt-session':
        return this.#inBackground(this.#haltSession(effect.cause))
      case 'drop-auth':
        return this.#auth.drop()
      case 'finish':
        return void this.#finish()
      default:
        return effect satisfies never
    }
  }

  async #requestAttempt({ ask, epoch }: EffectOf<'request-attempt'>): Promise<void> {
    this.#asking = ask
    const outcome = await this.#prepareAttempt(ask, epoch)
    this.#dispatch({ type: 'attempt-answered', ask, outcome })
  }

  /** Credentials first: the charge then proves the lease right before the socket is made. */
  async #prepareAttempt(ask: number, epoch: number): Promise<ChargeOutcome> {
    try {
      await this.#auth.ready(epoch)
      // Asked anew or stopped meanwhile: this answer is ignored, so it must not cost an attempt.
      return ask === this.#asking ? await this.#deps.lease.chargeAttempt() : { status: 'unreachable' }
    } catch (error) {
      const code = errorCodeOf(error)
      this.#deps.logger.warn('connection.attempt-failed', { ask, code })
      return { status: code === 'lease-lost' ? 'lost' : 'unreachable' }
    }
  }

  #connect(generation: number): void {
    const { clock, connector, logger } = this.#deps
    const { auth } = this.#auth
    assert(auth !== undefined, 'an attempt without credentials')
    this.#session = new SocketSession({
      clock,
      connector,
      auth,
      generation,
      accept: (message) => this.#deps.accept(message),
      onAck: (messageId, errorCode) => this.#deps.onAck(messageId, errorCode),
      onPhoneSeen: (atMs) => this.#deps.onPhoneSeen(atMs),
      onPhoneAnswered: () => (this.#isPhoneExpected = true),
      phoneAnswerMs: this.#deps.settings.phoneAnswerMs,
      onEvent: (event) => {
        if (event.type === 'closed') {
          logger.info('connection.close-report', { generation, statusCode: event.report.statusCode })
        } else if (event.type === 'store-failed') {
          logger.warn('connection.store-failed', { generation, what: event.what, code: event.code })
        }
        this.#dispatch(event)
      },
    })
  }

  #endSocket(generation: number): void {
    const session = this.#session
    assert(session?.generation === generation, `no socket of generation ${generation} to end`)
    this.#session = undefined
    void session.end().then(() => this.#dispatch({ type: 'ended', generation }))
  }

  async #check(generation: number): Promise<void> {
    const session = this.#session
    if (session === undefined || this.#checking === generation) return
    this.#checking = generation
    const { logger, settings } = this.#deps
    const isPhoneExpected = this.#isPhoneExpected
    const result = await checkConnection(session, { logger, settings, isPhoneExpected })
    this.#checking = undefined
    if (result === 'phone-unheard') this.#isPhoneExpected = false
    if (result !== 'fine') this.#dispatch({ type: 'check-failed', generation, cause: result })
  }

  async #verifyLease(epoch: number): Promise<void> {
    this.#dispatch({ type: 'lease-verified', epoch, outcome: await this.#deps.lease.verify() })
  }

  async #haltSession(cause: string): Promise<void> {
    const { logger, settings } = this.#deps
    await this.#auth.close(settings.endTimeoutMs)
    const isRecorded = await this.#deps.haltSession(cause).then(
      () => true,
      (error: unknown) => {
        logger.error('connection.halt-not-recorded', { cause, code: errorCodeOf(error) })
        return false
      },
    )
    this.#dispatch({ type: 'halt-recorded', isRecorded })
  }

  #inBackground(work: Promise<void>): void {
    this.#background.add(work)
    void work.finally(() => this.#background.delete(work))
  }

  async #finish(): Promise<void> {
    const { clock, settings } = this.#deps
    this.#asking = 0
    const deadlineMs = clock.monotonicMs() + settings.endTimeoutMs
    const background = Promise.all(this.#background)
    await withDeadline(clock, 'connection.stop', settings.endTimeoutMs, background).catch(() => undefined)
    await this.#auth.close(Math.max(0, deadlineMs - clock.monotonicMs()))
    this.#finished.resolve()
  }
}
