/**
 * The WhatsApp port's socket on the fake: what the bot may call. Calls of a process that has ended itself get
 * no answer, calls on a socket that is not open are refused; everything else is the socket's life.
 */

import type { ConnectOptions, OutgoingMessage, WhatsappSocket } from '../../src/ports/whatsapp-socket.ts'
import type { VirtualProcess } from '../world/virtual-process.ts'
import type { SocketContext } from './whatsapp-socket-context.ts'
import { SocketLife } from './whatsapp-socket-life.ts'
import { closedError } from './whatsapp-traffic.ts'
import type { SocketTraffic } from './whatsapp-traffic.ts'

export class FakeSocket implements WhatsappSocket {
  readonly #process: VirtualProcess
  readonly #life: SocketLife

  /** @param onGone told when `close` is given: only late events may follow */
  constructor(context: SocketContext, bot: ConnectOptions, onGone: () => void) {
    this.#process = context.process
    this.#life = new SocketLife(context, bot, onGone)
  }

  /** Messages that came and wait behind the one being handled. */
  get bufferedMessages(): number {
    return this.#life.traffic.intake.length
  }

  send(message: OutgoingMessage): Promise<void> {
    return this.#whenOpen('whatsapp.send', (traffic) => traffic.send(message))
  }

  ping(): Promise<void> {
    return this.#whenOpen('whatsapp.ping', (traffic) => traffic.ask('ping'))
  }

  probe(): Promise<void> {
    return this.#whenOpen('whatsapp.probe', (traffic) => traffic.ask('probe'))
  }

  end(): Promise<void> {
    return this.#process.assertUsable('whatsapp.end') ? this.#life.end() : never()
  }

  /** Its process is dead. */
  abandon(): void {
    this.#life.abandon()
  }

  #whenOpen(port: string, call: (traffic: SocketTraffic) => Promise<void>): Promise<void> {
    if (!this.#process.assertUsable(port)) return never()
    return this.#life.isOpen ? call(this.#life.traffic) : Promise.reject(closedError())
  }
}

/** What a call gets that a process makes after its own exit. */
function never(): Promise<never> {
  return new Promise(() => {})
}
