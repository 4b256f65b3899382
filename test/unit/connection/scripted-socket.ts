/** A socket that does what the test says and counts what it is asked. */

import type { ConnectOptions, OutgoingMessage, WhatsappSocket } from '../../../src/ports/whatsapp-socket.ts'

export class ScriptedSocket implements WhatsappSocket {
  readonly options: ConnectOptions
  readonly sent: OutgoingMessage[] = []
  ends = 0
  pings = 0
  probes = 0
  onSend: () => Promise<void> = () => Promise.resolve()
  onPing: () => Promise<void> = () => Promise.resolve()
  onProbe: () => Promise<void> = () => Promise.resolve()
  onEnd: () => Promise<void> = () => Promise.resolve()

  constructor(options: ConnectOptions) {
    this.options = options
  }

  send(message: OutgoingMessage): Promise<void> {
    this.sent.push(message)
    return this.onSend()
  }

  ping(): Promise<void> {
    this.pings += 1
    return this.onPing()
  }

  probe(): Promise<void> {
    this.probes += 1
    return this.onProbe()
  }

  end(): Promise<void> {
    this.ends += 1
    return this.onEnd()
  }

  open(): void {
    this.options.onEvent({ type: 'open' })
  }

  qr(text = 'qr-text'): void {
    this.options.onEvent({ type: 'qr', text })
  }

  ack(messageId: string, errorCode?: number): void {
    this.options.onEvent({ type: 'ack', messageId, errorCode })
  }

  phone(): void {
    this.options.onEvent({ type: 'phone-seen', atMs: 0 })
  }

  close(statusCode: number | undefined, message = ''): void {
    this.options.onEvent({ type: 'close', report: { statusCode, message } })
  }
}
