/**
 * The least of a WhatsApp server: handshake, `success`, an empty answer to each question. What it sends beyond that is
 * the test's, byte by byte. For frames that no sound server would send.
 */

import { decodeBinaryNode, encodeBinaryNode } from '@whiskeysockets/baileys'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { fixedNoiseKeys } from '../../sim/whatsapp/wire/certificates.ts'
import { FrameReader, toFrame } from '../../sim/whatsapp/wire/framing.ts'
import { NoiseHandshake } from '../../sim/whatsapp/wire/noise.ts'
import type { NoiseTransport } from '../../sim/whatsapp/wire/noise.ts'
import { SERVER, secondsNow, stanza } from '../../sim/whatsapp/wire/stanza.ts'
import type { Stanza } from '../../sim/whatsapp/wire/stanza.ts'

export class BareWhatsApp {
  readonly #server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  #socket: WebSocket | undefined
  #transport: NoiseTransport | undefined

  constructor() {
    this.#server.on('connection', (socket) => this.#accept(socket))
  }

  get url(): string {
    const address = this.#server.address()
    return `ws://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`
  }

  listening(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#server.address() === null) this.#server.once('listening', () => resolve())
      else resolve()
    })
  }

  /** False when nobody is connected. */
  send(outgoing: Stanza): boolean {
    return this.sendPlain(encodeBinaryNode(outgoing))
  }

  /** Sealed as it is. */
  sendPlain(plain: Uint8Array): boolean {
    if (this.#transport === undefined || this.#socket?.readyState !== this.#socket?.OPEN) return false
    this.#socket?.send(toFrame(this.#transport.seal(plain)))
    return true
  }

  close(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  #accept(socket: WebSocket): void {
    const reader = new FrameReader()
    let handshake: NoiseHandshake | undefined
    let transport: NoiseTransport | undefined
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer) => {
      for (const frame of reader.push(data)) {
        if (transport !== undefined) {
          this.#take(transport.unseal(frame))
        } else if (handshake === undefined) {
          handshake = new NoiseHandshake(fixedNoiseKeys(), reader.intro?.header ?? Buffer.alloc(0))
          socket.send(toFrame(handshake.answerHello(frame)))
        } else {
          handshake.readFinish(frame)
          transport = handshake.toTransport()
          this.#socket = socket
          this.#transport = transport
          this.send(stanza('success', { t: secondsNow(), lid: '77:5@lid' }))
        }
      }
    })
  }

  #take(plain: Buffer): void {
    decodeBinaryNode(plain).then(
      ({ tag, attrs, content }) => {
        if (tag !== 'iq' || attrs['type'] === 'result' || attrs['type'] === 'error') return
        const asked = Array.isArray(content) ? content[0]?.tag : undefined
        const answers = { count: [stanza('count', { value: '100' })], digest: [stanza('digest', {})] }
        const answer = asked === 'count' || asked === 'digest' ? answers[asked] : undefined
        this.send(stanza('iq', { from: SERVER, type: 'result', id: attrs['id'] }, answer))
      },
      () => undefined,
    )
  }
}
