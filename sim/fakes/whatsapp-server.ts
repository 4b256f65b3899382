/**
 * The world's one WhatsApp server with one account, the bot's, and the phone that owns it: puts the parts
 * together and offers the world its side (contacts, faults, the truth) and sockets theirs. The surprise: it
 * goes on when a bot's process dies, and what that process had written still arrives.
 */

import type { Credentials, OutgoingMessage } from '../../src/ports/whatsapp-socket.ts'
import type { PrngStreams } from '../world/prng.ts'
import type { Scheduler } from '../world/scheduler.ts'
import type { Trace, TraceData } from '../world/trace.ts'
import type { VirtualProcess } from '../world/virtual-process.ts'
import type { ClientFrames, Hello, ServerContext, WhatsappConnection } from './whatsapp-connection.ts'
import { ConnectionTable } from './whatsapp-connections.ts'
import { DeviceRegistry } from './whatsapp-device.ts'
import { WhatsappFaults } from './whatsapp-faults.ts'
import type { Deafness } from './whatsapp-faults.ts'
import { Logins } from './whatsapp-logins.ts'
import { Mailbox } from './whatsapp-mailbox.ts'
import type { ContactMessage } from './whatsapp-mailbox.ts'
import { takeMessage } from './whatsapp-outgoing.ts'
import { Phone } from './whatsapp-phone.ts'
import type { SendStep } from './whatsapp-ratchet.ts'
import { CLOSE_REPORTS, LATENCY_MS, drawMs } from './whatsapp-rules.ts'
import { SenderCiphers } from './whatsapp-senders.ts'
import { TruthLedger } from './whatsapp-truth.ts'
import type { WhatsappTruth } from './whatsapp-truth.ts'

export class WhatsappServer {
  readonly faults: WhatsappFaults
  /** For sockets. */
  readonly logins: Logins
  /** For sockets; the world uses `deliver`. */
  readonly mailbox: Mailbox
  readonly #context: ServerContext
  readonly #connections: ConnectionTable
  readonly #truth = new TruthLedger()

  constructor(options: {
    readonly scheduler: Scheduler
    readonly trace: Trace
    readonly streams: PrngStreams
  }) {
    const { scheduler, trace, streams } = options
    const devices = new DeviceRegistry()
    this.faults = new WhatsappFaults({
      disconnectAll: (report) => this.#connections.closeAll(report),
      unlinkDevice: () => this.logins.unlinkDevice(),
      connections: () => this.#connections.size,
      releaseFrames: () => this.#connections.releaseFrames(),
      setDeaf: (deafness) => this.#setDeaf(deafness),
      phoneTurnedOn: () => this.#context.phone.turnedOn(),
      scanShownCodes: () => this.logins.scanShownCodes(),
    })
    const context: ServerContext = {
      scheduler,
      stream: streams.stream('whatsapp.server'),
      faults: this.faults,
      truth: this.#truth,
      phone: new Phone({
        scheduler,
        stream: streams.stream('whatsapp.phone'),
        faults: this.faults,
        active: () => this.#connections.active,
      }),
      senders: new SenderCiphers(devices),
      record: (kind, data) => trace.record({ atMs: scheduler.nowMs, source: 'whatsapp', kind, data }),
    }
    this.#context = context
    this.#connections = new ConnectionTable(context)
    this.mailbox = new Mailbox(context, () => this.#connections.active)
    const onNewDevice = (): void => this.#forgetSessions()
    this.logins = new Logins({ context, connections: this.#connections, devices, onNewDevice })
  }

  /** What really happened; plain data, to read and not to write. */
  get truth(): WhatsappTruth {
    return this.#truth
  }

  /** Messages the bot has not acknowledged. */
  get unackedCount(): number {
    return this.mailbox.unackedCount
  }

  /** Somebody writes to the bot; returns the message's id. */
  deliver(message: ContactMessage): string {
    return this.mailbox.deliver(message)
  }

  /** Credentials of a device that was paired before the world began; it replaces any device there was. */
  linkedCreds(): Credentials {
    return this.logins.linkedCreds()
  }

  /** For sockets, as all that follows: begins an attempt; `hello` is asked when the handshake is through. */
  connect(process: VirtualProcess, client: ClientFrames, hello: () => Hello): WhatsappConnection {
    const connection = this.#connections.open(process, client)
    const { faults, stream } = this.#context
    this.#truth.totals.connects += 1
    const { isPaired } = hello()
    this.record('wa.connect', { connection: connection.number, process: process.id, isPaired })
    if (faults.stallKind !== undefined) faults.strike('stall')
    const { refusal } = faults
    if (refusal === 'tcp-refused' || refusal === 'hang') this.#refuseTransport(connection, refusal)
    else {
      const latencyMs = drawMs(stream, LATENCY_MS.handshake)
      connection.toServer.send(latencyMs, () => this.logins.greet(connection, hello()))
    }
    return connection
  }

  /** The client is ready: messages flow, and what waited comes first. */
  activate(connection: WhatsappConnection): void {
    if (connection.stage !== 'logged-in') return
    const { faults, stream, scheduler } = this.#context
    connection.stage = 'active'
    connection.deafness = faults.deafAfterReconnect
    connection.toClient.send(drawMs(stream, LATENCY_MS.oneWay), () => connection.client.onActive())
    this.mailbox.replay(connection)
    this.#context.phone.replay(connection)
    if (!faults.isRestartLoop) return
    scheduler.schedule('wa.restart-loop', drawMs(stream, LATENCY_MS.restartLoop), () => {
      if (this.#connections.close(connection, CLOSE_REPORTS.restartRequired)) faults.strike('restart-loop')
    })
  }

  take(connection: WhatsappConnection, message: OutgoingMessage, step: SendStep): void {
    takeMessage(this.#context, connection, message, step)
  }

  /** A ping is answered by the stream itself, a probe is confirmed as messages are. */
  answer(connection: WhatsappConnection, kind: 'ping' | 'probe', questionId: number): void {
    if (connection.stage === 'closed') return
    const { client, number, processId: process } = connection
    if (kind === 'probe') {
      this.record('wa.probe', { connection: number, process })
      this.#context.phone.receive()
    }
    const latencyMs = drawMs(this.#context.stream, LATENCY_MS.oneWay)
    if (kind === 'ping') connection.toClient.send(latencyMs, () => client.onPong(questionId))
    else if (connection.deafness === 'mute') this.faults.strike('deaf')
    else connection.toClient.send(latencyMs, () => client.onProbeReply(questionId))
  }

  /** The client's end has closed, or its process is gone. */
  finish(connection: WhatsappConnection): void {
    this.#connections.forget(connection)
  }

  noteQrShown(connection: WhatsappConnection, codeNumber: number): void {
    this.#truth.totals.qrsShown += 1
    this.record('wa.qr', { connection: connection.number, process: connection.processId, codeNumber })
  }

  noteOpen(connection: WhatsappConnection): void {
    this.#truth.totals.opens += 1
    this.record('wa.open', { connection: connection.number, process: connection.processId })
  }

  record(kind: string, data: TraceData): void {
    this.#context.record(kind, data)
  }

  #refuseTransport(connection: WhatsappConnection, reason: 'tcp-refused' | 'hang'): void {
    const { faults, stream } = this.#context
    faults.strike('refuse-login')
    const { number, processId: process, client } = connection
    this.record('wa.refused', { connection: number, process, reason })
    this.#connections.forget(connection)
    const latencyMs = drawMs(stream, LATENCY_MS.refusal)
    if (reason === 'hang') connection.toClient.send(latencyMs, () => client.onUpgradeIgnored())
    else connection.toClient.send(latencyMs, () => client.onTcpRefused())
  }

  #setDeaf(deafness: Deafness): void {
    const { active } = this.#connections
    if (active === undefined) return
    const wasDeaf = active.isDeaf
    active.deafness = deafness
    if (wasDeaf && !active.isDeaf) this.mailbox.catchUp(active)
  }

  #forgetSessions(): void {
    this.#truth.forgetRatchets()
    this.#context.senders.resetAll()
    this.mailbox.forgetCiphers()
  }
}
