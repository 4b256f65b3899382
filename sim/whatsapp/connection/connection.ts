/**
 * One client's connection, from the first byte to the last: handshake, then registration or a linked device's
 * session. What the client sends is dealt with strictly in order; what goes to it passes the gate of faults.
 */

import { decodeBinaryNode, encodeBinaryNode } from '@whiskeysockets/baileys'
import type { proto } from '@whiskeysockets/baileys'
import { CLOSE_AFTER_ERROR_MS, strikeAt } from '../faults/connection-faults.ts'
import { isSilenced, OutboundGate } from '../faults/outbound-gate.ts'
import { decideLogin } from '../login/login.ts'
import { Registration } from '../login/registration.ts'
import { TaskQueue } from '../task-queue.ts'
import { addressOf } from '../truth-ledger.ts'
import { FrameReader, toFrame } from '../wire/framing.ts'
import { NoiseHandshake } from '../wire/noise.ts'
import { closedEvent, isFarewell } from '../wire/farewell.ts'
import type { Farewell } from '../wire/farewell.ts'
import { SERVER, secondsNow, stanza } from '../wire/stanza.ts'
import { DeviceSession } from './device-session.ts'
import { shownKeys } from './shown-keys.ts'
import type { FaultTarget } from '../faults/connection-faults.ts'
import type { Moment } from '../faults/fault.ts'
import type { LinkedDevice } from '../directory/linked-device.ts'
import type { ConnectionTruth } from '../truth-ledger.ts'
import type { NoiseTransport } from '../wire/noise.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { SessionLink } from './device-session.ts'
import type { ServerWorld } from './server-world.ts'
import type { WireSocket } from './wire-socket.ts'

/**
 * From the client's last handshake frame to the server's decision. Baileys changes its keys only after that
 * frame's write has been reported: what arrives earlier is read as part of the handshake, and lost. A network's
 * latency hides it; a server in the client's own process does not.
 */
const FIRST_WORDS_AFTER_MS = 50
const GARBAGE_HELLO = Buffer.from([0, 0, 4, 1, 2, 3, 4])

type Phase =
  | { readonly name: 'handshake'; noise: NoiseHandshake | undefined }
  | { readonly name: 'settling'; readonly transport: NoiseTransport; readonly early: Buffer[] }
  | { readonly name: 'registering'; readonly transport: NoiseTransport; readonly registration: Registration }
  | { readonly name: 'session'; readonly transport: NoiseTransport; readonly session: DeviceSession }
  | { readonly name: 'refused'; readonly transport: NoiseTransport }
  | { readonly name: 'closed' }

export class Connection implements SessionLink, FaultTarget {
  readonly truth: ConnectionTruth
  readonly socket: WireSocket
  readonly #world: ServerWorld
  readonly #reader = new FrameReader()
  readonly #inbound = new TaskQueue()
  readonly #gate: OutboundGate
  #phase: Phase = { name: 'handshake', noise: undefined }
  /** The last stanza that ends a stream, if the server has sent one. */
  #farewell: Farewell | undefined
  #lastId = 0

  constructor(socket: WireSocket, world: ServerWorld, truth: ConnectionTruth) {
    this.socket = socket
    this.#world = world
    this.truth = truth
    this.#gate = new OutboundGate({
      board: world.faults,
      device: () => this.truth.device,
      write: (outgoing) => this.#watch(`sending ${outgoing.tag}`, async () => this.write(outgoing)),
    })
    socket.onBytes((bytes) => this.#receive(bytes))
    socket.onClose(() => this.#closed())
  }

  nextId(): string {
    this.#lastId += 1
    return `fake-${this.truth.number}-${this.#lastId}`
  }

  send(outgoing: Stanza): void {
    this.#gate.pass(outgoing)
  }

  async write(outgoing: Stanza): Promise<void> {
    // Before the handshake is over nothing can be said: such a connection just ends.
    if (isFarewell(outgoing) && 'transport' in this.#phase)
      this.#farewell ??= { stanza: outgoing, atMs: performance.now() }
    await this.writePlain(encodeBinaryNode(outgoing))
  }

  async writePlain(plain: Uint8Array): Promise<void> {
    if ('transport' in this.#phase) await this.socket.send(toFrame(this.#phase.transport.seal(plain)))
  }

  reached(moment: Moment): void {
    if (moment === 'open') this.#world.notice({ kind: 'open', connection: this.truth.number })
    this.#watch(`faults at ${moment}`, async () =>
      strikeAt(moment, this.#world.faults, this.truth.device, this),
    )
  }

  restart(): void {
    this.#endWith(stanza('stream:error', { code: '515' }))
  }

  endReplaced(): void {
    this.#endWith(stanza('stream:error', {}, [stanza('conflict', { type: 'replaced' })]))
  }

  endRemoved(): void {
    this.#endWith(stanza('stream:error', { code: '401' }, [stanza('conflict', { type: 'device_removed' })]))
  }

  /** Resolves when everything received so far has been dealt with. */
  async idle(): Promise<void> {
    await this.#inbound.idle()
  }

  #watch(what: string, work: () => Promise<unknown>): void {
    void this.#world.truth.watch(`connection ${this.truth.number}, ${what}`, work)
  }

  #endWith(last: Stanza): void {
    this.send(last)
    this.socket.closeAfter(CLOSE_AFTER_ERROR_MS)
  }

  #receive(bytes: Buffer): void {
    if (isSilenced(this.#world.faults, this.truth.device)) return
    try {
      const frames = this.#reader.push(bytes)
      this.truth.routing ??= this.#reader.intro?.routing?.toString('hex')
      for (const frame of frames) this.#takeFrame(frame)
    } catch {
      this.#failProtocol()
    }
  }

  #takeFrame(frame: Buffer): void {
    if (this.#phase.name === 'handshake') {
      this.#takeHandshake(this.#phase, frame)
      return
    }
    if (this.#phase.name === 'settling') this.#phase.early.push(frame)
    if (!('transport' in this.#phase) || this.#phase.name === 'settling') return
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
    const { faults } = this.#world
    if (phase.noise !== undefined) {
      const { payload } = phase.noise.readFinish(frame)
      this.#settle(phase.noise.toTransport(), payload)
      return
    }
    if (faults.strike('no-server-hello', undefined) !== undefined) return
    if (faults.strike('garbage-server-hello', undefined) !== undefined) {
      void this.socket.send(GARBAGE_HELLO)
      return
    }
    phase.noise = new NoiseHandshake(shownKeys(this.#world), this.#reader.intro?.header ?? Buffer.alloc(0))
    void this.socket.send(toFrame(phase.noise.answerHello(frame)))
  }

  #settle(transport: NoiseTransport, payload: proto.IClientPayload): void {
    const early: Buffer[] = []
    this.#phase = { name: 'settling', transport, early }
    setTimeout(() => {
      if (this.#phase.name !== 'settling') return
      try {
        this.#begin(transport, payload)
        for (const frame of early) this.#takeFrame(frame)
      } catch {
        this.#failProtocol()
      }
    }, FIRST_WORDS_AFTER_MS)
  }

  #begin(transport: NoiseTransport, payload: proto.IClientPayload): void {
    this.#phase = { name: 'refused', transport }
    const decision = decideLogin(payload, this.#world)
    const device = decision.kind === 'login' ? addressOf(decision.device) : undefined
    const fault = this.#world.faults.strike('login-failure', device)
    if (fault !== undefined) {
      this.#refuse(fault.reason)
      return
    }
    switch (decision.kind) {
      case 'refuse':
        this.#refuse(decision.reason)
        return
      case 'register': {
        const { pairings, qrRefs } = this.#world
        const registration = new Registration({ link: this, pairings, payload, qrRefs })
        this.#phase = { name: 'registering', transport, registration }
        this.#world.notice({ kind: 'registering', connection: this.truth.number })
        return
      }
      case 'login':
        this.#login(transport, decision.device)
        return
    }
  }

  #refuse(reason: number): void {
    this.#world.notice({ kind: 'login-refused', connection: this.truth.number, statusCode: reason })
    this.#endWith(stanza('failure', { reason: String(reason), location: 'fake' }))
  }

  #login(transport: NoiseTransport, device: LinkedDevice): void {
    const session = new DeviceSession({ link: this, device, world: this.#world })
    this.#phase = { name: 'session', transport, session }
    const address = addressOf(device)
    this.truth.device = address
    this.truth.loggedInAtMs = Date.now()
    this.#world.notice({ kind: 'logged-in', connection: this.truth.number, device: address })
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
    this.socket.terminate()
  }

  #closed(): void {
    this.#gate.stop()
    if (this.#phase.name === 'registering') this.#phase.registration.end()
    if (this.#phase.name === 'session') this.#phase.session.end()
    this.#phase = { name: 'closed' }
    this.truth.closedAtMs = Date.now()
    this.#world.connections.delete(this)
    this.#world.notice(closedEvent(this.truth.number, this.socket.endedHereAtMs, this.#farewell))
  }
}
