/**
 * One client's connection, from the first byte to the last: handshake, then registration or a linked device's
 * session. What the client sends is dealt with strictly in order. It owns its WebSocket and nothing else.
 */

import { decodeBinaryNode, encodeBinaryNode } from '@whiskeysockets/baileys'
import type { proto } from '@whiskeysockets/baileys'
import type { RawData, WebSocket } from 'ws'
import { decideLogin } from '../login/login.ts'
import { Registration } from '../login/registration.ts'
import { TaskQueue } from '../task-queue.ts'
import { addressOf } from '../truth-ledger.ts'
import { FrameReader, toFrame } from '../wire/framing.ts'
import { NoiseHandshake } from '../wire/noise.ts'
import { SERVER, secondsNow, stanza } from '../wire/stanza.ts'
import { DeviceSession } from './device-session.ts'
import type { DeviceLink, LinkedDevice } from '../directory/linked-device.ts'
import type { ConnectionTruth } from '../truth-ledger.ts'
import type { NoiseTransport } from '../wire/noise.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { ServerWorld } from './server-world.ts'

/** Clients get the stream error before the stream ends, but are not left waiting for long. */
const CLOSE_AFTER_ERROR_MS = 20

type Phase =
  | { readonly name: 'handshake'; noise: NoiseHandshake | undefined; isGreeted: boolean }
  | { readonly name: 'registering'; readonly transport: NoiseTransport; readonly registration: Registration }
  | { readonly name: 'session'; readonly transport: NoiseTransport; readonly session: DeviceSession }
  | { readonly name: 'refused'; readonly transport: NoiseTransport }
  | { readonly name: 'closed' }

export class Connection implements DeviceLink {
  readonly truth: ConnectionTruth
  readonly #socket: WebSocket
  readonly #world: ServerWorld
  readonly #reader = new FrameReader()
  readonly #inbound = new TaskQueue()
  #phase: Phase = { name: 'handshake', noise: undefined, isGreeted: false }
  #lastId = 0
  #closeTimer: NodeJS.Timeout | undefined

  constructor(socket: WebSocket, world: ServerWorld, truth: ConnectionTruth) {
    this.#socket = socket
    this.#world = world
    this.truth = truth
    socket.on('message', (data) => this.#receive(data))
    socket.on('close', () => this.#closed())
    // A broken socket closes too; there is nothing to add.
    socket.on('error', () => undefined)
  }

  get device(): LinkedDevice | undefined {
    return this.#phase.name === 'session' ? this.#phase.session.device : undefined
  }

  get routing(): Buffer | undefined {
    return this.#reader.intro?.routing
  }

  nextId(): string {
    this.#lastId += 1
    return `fake-${this.truth.number}-${this.#lastId}`
  }

  send(outgoing: Stanza): void {
    this.sendPlain(encodeBinaryNode(outgoing))
  }

  /** Seals and frames the bytes as they are. */
  sendPlain(plain: Uint8Array): void {
    if (!('transport' in this.#phase)) return
    this.sendRaw(toFrame(this.#phase.transport.seal(plain)))
  }

  /** Writes the bytes as they are. */
  sendRaw(bytes: Uint8Array): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(bytes)
  }

  restart(): void {
    this.endWith(stanza('stream:error', { code: '515' }))
  }

  endReplaced(): void {
    this.endWith(stanza('stream:error', {}, [stanza('conflict', { type: 'replaced' })]))
  }

  endRemoved(): void {
    this.endWith(stanza('stream:error', { code: '401' }, [stanza('conflict', { type: 'device_removed' })]))
  }

  /** Sends a last stanza and closes the stream. */
  endWith(last: Stanza): void {
    this.send(last)
    this.#closeTimer ??= setTimeout(() => this.#socket.close(1000), CLOSE_AFTER_ERROR_MS)
  }

  /** Ends the connection at once, without a word. */
  terminate(): void {
    this.#socket.terminate()
  }

  /** Resolves when everything received so far has been dealt with. */
  async idle(): Promise<void> {
    await this.#inbound.idle()
  }

  #receive(data: RawData): void {
    try {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Uint8Array)
      for (const frame of this.#reader.push(bytes)) this.#takeFrame(frame)
    } catch {
      this.#failProtocol()
    }
  }

  #takeFrame(frame: Buffer): void {
    if (this.#phase.name === 'handshake') {
      this.#takeHandshake(this.#phase, frame)
      return
    }
    if (!('transport' in this.#phase)) return
    const plain = this.#phase.transport.unseal(frame)
    void this.#inbound.run(async () => {
      try {
        this.#takeStanza(await decodeBinaryNode(plain))
      } catch {
        this.#failProtocol()
      }
    })
  }

  #takeHandshake(phase: Phase & { name: 'handshake' }, frame: Buffer): void {
    if (phase.noise === undefined) {
      phase.noise = new NoiseHandshake(this.#world.noiseKeys(), this.#reader.intro?.header ?? Buffer.alloc(0))
      this.sendRaw(toFrame(phase.noise.answerHello(frame)))
      return
    }
    const { payload } = phase.noise.readFinish(frame)
    this.#begin(phase.noise.toTransport(), payload)
  }

  #begin(transport: NoiseTransport, payload: proto.IClientPayload): void {
    this.#phase = { name: 'refused', transport }
    const decision = decideLogin(payload, this.#world)
    switch (decision.kind) {
      case 'refuse':
        this.endWith(stanza('failure', { reason: String(decision.reason), location: 'fake' }))
        return
      case 'register': {
        const { pairings, qrRefs } = this.#world
        const registration = new Registration({ link: this, pairings, payload, qrRefs })
        this.#phase = { name: 'registering', transport, registration }
        return
      }
      case 'login':
        this.#login(transport, decision.device)
        return
    }
  }

  #login(transport: NoiseTransport, device: LinkedDevice): void {
    const session = new DeviceSession({ link: this, device, world: this.#world })
    this.#phase = { name: 'session', transport, session }
    this.truth.device = addressOf(device)
    this.truth.loggedInAtMs = Date.now()
    session.begin()
  }

  #takeStanza(incoming: Stanza): void {
    if (this.#phase.name === 'session') this.#phase.session.take(incoming)
    if (this.#phase.name !== 'registering' || incoming.tag !== 'iq') return
    const isReply = incoming.attrs['type'] === 'result' || incoming.attrs['type'] === 'error'
    if (this.#phase.registration.takeIq(incoming) || isReply) return
    // An unlinked client asks for nothing but pings; all else gets an empty answer too.
    const attrs = { from: SERVER, type: 'result', id: incoming.attrs['id'], t: secondsNow() }
    this.send(stanza('iq', attrs))
  }

  #failProtocol(): void {
    this.#world.truth.protocolErrors += 1
    this.#socket.terminate()
  }

  #closed(): void {
    clearTimeout(this.#closeTimer)
    if (this.#phase.name === 'registering') this.#phase.registration.end()
    if (this.#phase.name === 'session') this.#phase.session.end()
    this.#phase = { name: 'closed' }
    this.truth.closedAtMs = Date.now()
    this.#world.connections.delete(this)
  }
}
