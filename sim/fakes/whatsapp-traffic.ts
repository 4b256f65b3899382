/**
 * The messages of one socket, in its process: sends under way, questions without an answer, and the intake.
 * When the socket ends, sends and questions reject at once, what waits in the intake is dropped, and the one
 * message in hand is finished but can be acknowledged no more.
 */

import { AppError } from '../../src/errors.ts'
import type { ConnectOptions, InboundMessage, OutgoingMessage } from '../../src/ports/whatsapp-socket.ts'
import { WORLD_EPOCH_MS } from '../world/dyno-clock.ts'
import type { Ciphertext, WhatsappConnection } from './whatsapp-connection.ts'
import { Intake } from './whatsapp-intake.ts'
import { Questions } from './whatsapp-questions.ts'
import type { SendStep } from './whatsapp-ratchet.ts'
import { SessionKeys } from './whatsapp-session-keys.ts'
import type { SocketContext } from './whatsapp-socket-context.ts'

export interface TrafficOptions {
  readonly context: SocketContext
  readonly connection: WhatsappConnection
  readonly bot: ConnectOptions
  readonly isEnded: () => boolean
  /** Puts a frame on the wire; dropped when the socket has ended. */
  readonly write: (action: () => void) => void
}

export class SocketTraffic {
  readonly intake: Intake
  readonly questions: Questions
  readonly #options: TrafficOptions
  readonly #sessions: SessionKeys
  readonly #sendsInFlight = new Set<(error: AppError) => void>()

  constructor(options: TrafficOptions) {
    this.#options = options
    const { context, bot, isEnded } = options
    const { scheduler, process, secureRandom, adapter } = context
    this.#sessions = new SessionKeys({ keys: bot.auth.keys, secureRandom, adapter, isEnded })
    this.questions = new Questions(scheduler, process)
    this.intake = this.#makeIntake()
  }

  /** Resolves when written. */
  send(message: OutgoingMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sendsInFlight.add(reject)
      const transmit = (step: SendStep): void => this.#transmit(message, step)
      this.#sessions.encrypt(message.chat, transmit).then(
        () => {
          this.#sendsInFlight.delete(reject)
          resolve()
        },
        (error: unknown) => {
          this.#sendsInFlight.delete(reject)
          reject(error instanceof Error ? error : new Error(String(error)))
        },
      )
    })
  }

  ask(kind: 'ping' | 'probe'): Promise<void> {
    const { context, connection, write } = this.#options
    return this.questions.ask(kind, (id) => write(() => context.server.answer(connection, kind, id)))
  }

  /** The server hands a message to this connection. */
  arrive(cipher: Ciphertext, kind: InboundMessage['kind']): void {
    if (cipher.isFromPhone) this.seePhone(cipher.sentAtMs)
    this.intake.push({ cipher, kind })
  }

  /** `atMs`: wall clock by the server. */
  seePhone(atMs: number): void {
    const { context, connection, bot } = this.#options
    const { number, processId: process } = connection
    const data = { connection: number, process, saidAtMs: atMs - WORLD_EPOCH_MS }
    context.server.record('wa.phone-seen', data)
    bot.onEvent({ type: 'phone-seen', atMs })
  }

  end(): void {
    const error = closedError()
    for (const reject of this.#sendsInFlight) reject(error)
    this.#sendsInFlight.clear()
    this.questions.rejectAll(error)
    this.intake.clear()
  }

  #transmit(message: OutgoingMessage, step: SendStep): void {
    const { context, connection, write } = this.#options
    write(() => context.server.take(connection, message, step))
  }

  #makeIntake(): Intake {
    const { context, connection, bot, write } = this.#options
    const { mailbox } = context.server
    return new Intake({
      decrypt: (cipher, accept) => this.#sessions.decrypt(cipher, accept),
      accept: (message) => bot.accept(message),
      acknowledge: (cipher) => write(() => mailbox.acknowledge(connection, cipher)),
      requestRetry: (cipher, reason) => {
        mailbox.noteUndecryptable(connection, cipher, reason)
        write(() => mailbox.requestRetry(connection, cipher))
      },
      giveUp: (cipher, reason) => {
        mailbox.noteUndecryptable(connection, cipher, reason)
        write(() => mailbox.giveUp(connection, cipher))
      },
      onProbeReply: (questionId) => this.questions.answer(questionId),
    })
  }
}

export function closedError(): AppError {
  return new AppError('socket-closed', 'Connection Closed')
}
