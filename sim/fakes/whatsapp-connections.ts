/**
 * The server's connections: numbered in order of attempt, at most one of them holding the account's device.
 * Opens and closes them; who may log in is decided in whatsapp-logins. The surprise: the server's end of a
 * connection closes at once, while the client learns of it a latency later, or after a stall.
 */

import type { CloseReport } from '../../src/ports/whatsapp-socket.ts'
import type { VirtualProcess } from '../world/virtual-process.ts'
import { WhatsappConnection } from './whatsapp-connection.ts'
import type { ClientFrames, ServerContext } from './whatsapp-connection.ts'
import { Network, Pipe } from './whatsapp-pipe.ts'
import { LATENCY_MS, drawMs } from './whatsapp-rules.ts'

export class ConnectionTable {
  readonly #context: ServerContext
  readonly #network: Network
  /** Not closed yet, by number. */
  readonly #open = new Map<number, WhatsappConnection>()
  #holder: WhatsappConnection | undefined
  #count = 0

  constructor(context: ServerContext) {
    this.#context = context
    this.#network = new Network(() => context.faults.stallKind !== undefined)
  }

  get size(): number {
    return this.#open.size
  }

  /** The connection that is logged in as the device. */
  get holder(): WhatsappConnection | undefined {
    return this.#holder
  }

  /** The connection on which messages flow. */
  get active(): WhatsappConnection | undefined {
    return this.#holder?.stage === 'active' ? this.#holder : undefined
  }

  all(): WhatsappConnection[] {
    return [...this.#open.values()]
  }

  open(process: VirtualProcess, client: ClientFrames): WhatsappConnection {
    const { scheduler } = this.#context
    this.#count += 1
    const shared = { scheduler, network: this.#network }
    const connection = new WhatsappConnection({
      number: this.#count,
      processId: process.id,
      client,
      toServer: new Pipe({ ...shared, label: 'wa.to-server', arrive: (action) => action() }),
      toClient: new Pipe({ ...shared, label: 'wa.to-client', arrive: (action) => process.deliver(action) }),
    })
    this.#open.set(connection.number, connection)
    return connection
  }

  /** Makes it the device's; the one that was answers for it no more and hears of a conflict. */
  hold(connection: WhatsappConnection, conflict: CloseReport): void {
    if (this.#holder !== undefined) this.close(this.#holder, conflict)
    connection.stage = 'logged-in'
    this.#holder = connection
  }

  /** Ends it from the server's side; false when it was closed before. */
  close(connection: WhatsappConnection, report: CloseReport): boolean {
    if (connection.stage === 'closed') return false
    this.forget(connection)
    const { client } = connection
    connection.toClient.send(drawMs(this.#context.stream, LATENCY_MS.oneWay), () =>
      client.onStreamEnd(report),
    )
    return true
  }

  /** Returns how many there were. */
  closeAll(report: CloseReport): number {
    const connections = this.all()
    for (const connection of connections) this.close(connection, report)
    return connections.length
  }

  /** The other end is gone, or never was. */
  forget(connection: WhatsappConnection): void {
    connection.stage = 'closed'
    this.#open.delete(connection.number)
    if (this.#holder === connection) this.#holder = undefined
  }

  releaseFrames(): void {
    this.#network.release()
  }
}
