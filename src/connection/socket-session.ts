/**
 * One socket's life, known by its generation. Passes on what a live socket says, ignores what a dead one still
 * says (but for its close report), and rejects what waits for it as soon as it dies. Owns the signs of deafness
 * and the check's questions; what a failed check or write leads to is the policy's matter. Surprising: it is
 * dead from the moment we begin to end it, not from the moment the transport is gone.
 */

import { AppError, errorCodeOf, errorMessageOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type {
  AuthState,
  InboundMessage,
  OutgoingMessage,
  SocketEvent,
  WhatsappConnector,
  WhatsappSocket,
} from '../ports/whatsapp-socket.ts'
import { withDeadline } from '../timing.ts'
import type { ConnectionEvent } from './connection-state.ts'
import type { DeafSigns } from './deaf-check.ts'

export interface SocketSessionDeps {
  readonly clock: Clock
  readonly connector: WhatsappConnector
  readonly auth: AuthState
  readonly generation: number
  accept(message: InboundMessage): Promise<void>
  onAck(messageId: string, errorCode: number | undefined): void
  onPhoneSeen(atMs: number): void
  /** It has answered on this connection, within `phoneAnswerMs` of our last message. */
  onPhoneAnswered(): void
  readonly phoneAnswerMs: number
  onEvent(event: Extract<ConnectionEvent, { type: 'qr' | 'opened' | 'closed' | 'store-failed' }>): void
}

/** Past this many unconfirmed sends further ones are not watched: the oldest is what counts. */
const MAX_WATCHED_SENDS = 1_000

export class SocketSession {
  readonly #deps: SocketSessionDeps
  readonly #socket: WhatsappSocket | undefined
  #isDead = false
  #openSinceMs: number | undefined
  #lastInboundMs: number | undefined
  #lastProbeMs: number | undefined
  /** A message, or a sign of the phone. */
  #lastDeliveryMs: number | undefined
  #nextDelivery = Promise.withResolvers<void>()
  /** When we last sent something that the phone answers. */
  #lastAskedMs: number | undefined
  /** Message id → when it was sent, oldest first. */
  readonly #unacked = new Map<string, number>()
  /** What to reject when the socket dies: one for each question or send under way. */
  readonly #waiting = new Set<(error: Error) => void>()

  constructor(deps: SocketSessionDeps) {
    this.#deps = deps
    try {
      this.#socket = deps.connector.connect({
        auth: this.#watched(deps.auth),
        accept: (message) => this.#accept(message),
        onEvent: (event) => this.#onEvent(event),
      })
    } catch (error) {
      this.#onEvent({ type: 'close', report: { statusCode: undefined, message: errorMessageOf(error) } })
    }
  }

  get generation(): number {
    return this.#deps.generation
  }

  get hasInbound(): boolean {
    return this.#lastInboundMs !== undefined
  }

  /** @throws AppError `socket-closed`, also when the socket dies before the send is through. */
  async send(message: OutgoingMessage): Promise<void> {
    const { id } = message
    this.#lastAskedMs = this.#deps.clock.monotonicMs()
    // A resend keeps its place: what counts is how long the server has owed us the confirmation.
    if (!this.#unacked.has(id) && this.#unacked.size < MAX_WATCHED_SENDS) {
      this.#unacked.set(id, this.#deps.clock.monotonicMs())
    }
    try {
      await this.#whileAlive((socket) => socket.send(message))
    } catch (error) {
      this.#unacked.delete(id)
      throw error
    }
  }

  /** @throws AppError `timed-out` or `socket-closed` */
  ping(timeoutMs: number): Promise<void> {
    return this.#ask('connection.ping', timeoutMs, (socket) => socket.ping())
  }

  /** @throws AppError `timed-out` or `socket-closed` */
  async probe(timeoutMs: number): Promise<void> {
    const startedAtMs = this.#deps.clock.monotonicMs()
    this.#lastProbeMs = startedAtMs
    this.#lastAskedMs = startedAtMs
    await this.#ask('connection.probe', timeoutMs, (socket) => socket.probe())
    // The message path works, so a confirmation owed from before the probe was lost and will not come.
    for (const [id, sentAtMs] of this.#unacked) if (sentAtMs <= startedAtMs) this.#unacked.delete(id)
  }

  /**
   * Resolves as soon as something has been delivered since the last probe began.
   * @throws AppError `timed-out` or `socket-closed`
   */
  async deliverySinceProbe(timeoutMs: number): Promise<void> {
    if ((this.#lastDeliveryMs ?? -1) >= (this.#lastProbeMs ?? 0)) return
    await this.#ask('connection.delivery', timeoutMs, () => this.#nextDelivery.promise)
  }

  deafSigns(): DeafSigns {
    const nowMs = this.#deps.clock.monotonicMs()
    const [oldestUnackedMs] = this.#unacked.values()
    return {
      nowMs,
      openSinceMs: this.#openSinceMs ?? nowMs,
      lastInboundMs: this.#lastInboundMs,
      oldestUnackedMs,
      lastProbeMs: this.#lastProbeMs,
    }
  }

  /** Ends the socket, never logs out. May take as long as the transport does; never rejects. */
  async end(): Promise<void> {
    this.#die()
    await this.#socket?.end().catch(() => undefined)
  }

  async #accept(message: InboundMessage): Promise<void> {
    this.#assertAlive()
    this.#lastInboundMs = this.#deps.clock.monotonicMs()
    this.#noteDelivery()
    await this.#orEnd('message', this.#deps.accept(message))
    // Whoever took over meanwhile gets the message again; acknowledging it here would be too late.
    this.#assertAlive()
  }

  /** Credentials need no watch: a failed save leaves nothing unacknowledged, and the next flush makes up for it. */
  #watched(auth: AuthState): AuthState {
    const { creds, keys } = auth
    return {
      creds,
      keys: {
        get: (type, ids) => this.#orEnd('keys', keys.get(type, ids)),
        set: (changes) => this.#orEnd('keys', keys.set(changes)),
      },
      saveCreds: () => auth.saveCreds(),
    }
  }

  /** What failed is not acknowledged, and the server delivers it again on a new connection only. */
  async #orEnd<T>(what: 'message' | 'keys', work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      const { generation } = this
      if (!this.#isDead)
        this.#deps.onEvent({ type: 'store-failed', generation, what, code: errorCodeOf(error) })
      throw error
    }
  }

  #onEvent(event: SocketEvent): void {
    const { generation } = this
    if (event.type === 'close') {
      this.#die()
      this.#deps.onEvent({ type: 'closed', generation, report: event.report })
    } else if (!this.#isDead) {
      switch (event.type) {
        case 'qr':
          return this.#deps.onEvent({ type: 'qr', generation, text: event.text })
        case 'open':
          this.#openSinceMs = this.#deps.clock.monotonicMs()
          return this.#deps.onEvent({ type: 'opened', generation })
        case 'ack':
          this.#unacked.delete(event.messageId)
          return this.#deps.onAck(event.messageId, event.errorCode)
        case 'phone-seen':
          return this.#onPhoneSeen(event.atMs)
      }
    }
  }

  /**
   * In time counts by when it comes, not by its stamp: clocks differ. What waited on the server and comes after the
   * first send of a connection so counts, too, at the price of one reconnect when the phone is off by then.
   */
  #onPhoneSeen(atMs: number): void {
    this.#noteDelivery()
    const { clock, phoneAnswerMs } = this.#deps
    const askedAtMs = this.#lastAskedMs
    if (askedAtMs !== undefined && clock.monotonicMs() - askedAtMs <= phoneAnswerMs)
      this.#deps.onPhoneAnswered()
    this.#deps.onPhoneSeen(atMs)
  }

  #noteDelivery(): void {
    this.#lastDeliveryMs = this.#deps.clock.monotonicMs()
    this.#nextDelivery.resolve()
    this.#nextDelivery = Promise.withResolvers()
  }

  #ask(label: string, timeoutMs: number, question: (socket: WhatsappSocket) => Promise<void>): Promise<void> {
    return withDeadline(this.#deps.clock, label, timeoutMs, this.#whileAlive(question))
  }

  /** The outcome of `work`, unless the socket dies first: Baileys leaves some questions open for a minute. */
  #whileAlive(work: (socket: WhatsappSocket) => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket
      if (this.#isDead || socket === undefined) {
        reject(closedError())
        return
      }
      this.#waiting.add(reject)
      work(socket)
        .finally(() => this.#waiting.delete(reject))
        .then(resolve, reject)
    })
  }

  #assertAlive(): void {
    if (this.#isDead) throw closedError()
  }

  #die(): void {
    this.#isDead = true
    for (const reject of this.#waiting) reject(closedError())
    this.#waiting.clear()
  }
}

function closedError(): AppError {
  return new AppError('socket-closed', 'the connection to WhatsApp is closed')
}
