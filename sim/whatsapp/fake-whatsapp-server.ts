/** The server behind the interface: it makes the parts, introduces them to each other, and ends them. */

import type { Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import { adminRoutes } from './admin/admin-routes.ts'
import { AdminServer } from './admin/admin-server.ts'
import { Connection } from './connection/connection.ts'
import { WireSocket } from './connection/wire-socket.ts'
import { Directory } from './directory/directory.ts'
import { FaultBoard } from './faults/fault-board.ts'
import { Injector } from './faults/injector.ts'
import { parseFault } from './faults/parse-fault.ts'
import { interceptUpgrade } from './faults/port-faults.ts'
import { SessionFaults } from './faults/session-faults.ts'
import { loopbackCertificate } from './http/certificate.ts'
import { HttpHost } from './http-host.ts'
import { Pairings } from './login/pairings.ts'
import { MediaHost } from './media/media-host.ts'
import { mediaMessage, mediaOf } from './media/media-message.ts'
import { DEFAULT_MEDIA_LIMITS } from './media/media-store.ts'
import { Account } from './people/account.ts'
import { makeContact } from './people/contact.ts'
import { makeGroup } from './people/group.ts'
import { PostOffice } from './post/post-office.ts'
import { TruthLedger } from './truth-ledger.ts'
import { takeSnapshot } from './truth-snapshot.ts'
import { fixedNoiseKeys } from './wire/certificates.ts'
import type { ServerWorld } from './connection/server-world.ts'
import type { Fault } from './faults/fault.ts'
import type { InjectedFault } from './faults/fault-board.ts'
import type { Certificate } from './http/certificate.ts'
import type { RequestHandler } from './http-host.ts'
import type { MediaKind, MediaOptions } from './media/media-message.ts'
import type { StoredMedia } from './media/media-store.ts'
import type { MessageContent } from './people/sealed-mail.ts'
import type { AccountOptions } from './people/account.ts'
import type { Contact, ContactOptions } from './people/contact.ts'
import type { Group, GroupOptions } from './people/group.ts'
import type { TruthSnapshot } from './truth-snapshot.ts'
import type { FakeWhatsApp, FakeWhatsAppOptions } from './fake-whatsapp-api.ts'

export class FakeWhatsAppServer implements FakeWhatsApp {
  readonly accounts: Account[] = []
  readonly contacts: Contact[] = []
  readonly groups: Group[] = []
  readonly #host: HttpHost
  readonly #injector: Injector
  readonly #world: ServerWorld
  readonly #media: MediaHost
  readonly #makeCertificate: () => Promise<Certificate>
  #connectionCount = 0

  constructor(options: FakeWhatsAppOptions) {
    const directory = new Directory()
    const truth = new TruthLedger()
    const faults = new FaultBoard()
    const limits = { ...DEFAULT_MEDIA_LIMITS, ...options.media }
    const { tls } = options
    // A wrong certificate is told now, not to each client.
    if (tls !== undefined) createSecureContext(tls)
    this.#makeCertificate = tls === undefined ? loopbackCertificate : () => Promise.resolve(tls)
    this.#media = new MediaHost(() => this.#host.authority, limits)
    this.#world = {
      directory,
      truth,
      postOffice: new PostOffice({ directory, truth }),
      pairings: new Pairings(),
      connections: new Set(),
      faults,
      sessionFaults: new SessionFaults(faults),
      qrRefs: options.qrRefs ?? 6,
      minVersion: options.minVersion,
      media: this.#media,
      noiseKeys: fixedNoiseKeys,
      notice: (event) => options.onEvent?.(event),
    }
    this.#host = new HttpHost({
      port: options.port ?? 0,
      certificate: this.#makeCertificate,
      interceptUpgrade: (socket) => this.#turnsAway(socket),
      onSocket: (webSocket, socket) =>
        this.#accept(new WireSocket(webSocket, socket), socket.remotePort ?? 0),
    })
    this.#injector = new Injector({
      board: faults,
      truth,
      host: this.#host,
      connections: this.#world.connections,
    })
    const admin = new AdminServer(adminRoutes(this))
    this.#host.addHandler((request, response) => this.#media.handle(request, response))
    this.#host.addHandler((request, response) => admin.handle(request, response))
  }

  get url(): string {
    return `ws://${this.#host.authority}/ws/chat`
  }

  get secureUrl(): string {
    return `wss://${this.#host.authority}/ws/chat`
  }

  get httpUrl(): string {
    return `http://${this.#host.authority}`
  }

  get adminUrl(): string {
    return `${this.httpUrl}/admin`
  }

  get mediaFiles(): readonly StoredMedia[] {
    return this.#media.store.list()
  }

  get port(): number {
    return this.#host.port
  }

  get waitingForPairing(): number {
    return this.#world.pairings.size
  }

  addAccount(options: AccountOptions = {}): Account {
    const account = new Account(this.#world, options)
    this.accounts.push(account)
    return account
  }

  addContact(options: ContactOptions = {}): Contact {
    const contact = makeContact(this.#world, options)
    this.contacts.push(contact)
    return contact
  }

  addGroup(options: GroupOptions): Group {
    const group = makeGroup(this.#world, options)
    this.groups.push(group)
    return group
  }

  addRequestHandler(handler: RequestHandler): () => void {
    return this.#host.addHandler(handler)
  }

  async certificate(): Promise<string> {
    return (await this.#makeCertificate()).cert
  }

  async mediaMessage(kind: MediaKind, file: Uint8Array, options?: MediaOptions): Promise<MessageContent> {
    return mediaMessage(this.#media, kind, file, options)
  }

  async mediaOf({ content }: { readonly content: MessageContent }): Promise<Buffer> {
    return mediaOf(this.#media, content)
  }

  get faults(): readonly InjectedFault[] {
    return this.#injector.injected
  }

  async inject(fault: Fault): Promise<InjectedFault> {
    return this.#injector.inject(parseFault(fault))
  }

  truth(): TruthSnapshot {
    return takeSnapshot(this.#world.truth, [...this.accounts, ...this.contacts])
  }

  async idle(): Promise<void> {
    for (const connection of this.#world.connections) await connection.idle()
    for (const person of [...this.accounts, ...this.contacts]) await person.idle()
  }

  async listen(): Promise<void> {
    await this.#host.listen()
  }

  async close(): Promise<void> {
    this.#injector.stop()
    for (const person of [...this.accounts, ...this.contacts]) person.inbox.close()
    for (const connection of this.#world.connections) connection.socket.terminate()
    await this.#host.close()
    this.#media.store.clear()
  }

  /** An attempt that meets a fault before it is a connection: it is told of, and has no truth of its own. */
  #turnsAway(socket: Socket): boolean {
    const clientPort = socket.remotePort ?? 0
    if (!interceptUpgrade(this.#world.faults, socket)) return false
    this.#connectionCount += 1
    const connection = this.#connectionCount
    const world = this.#world
    world.notice({ kind: 'connected', connection, clientPort })
    socket.once('close', () =>
      world.notice({
        kind: 'closed',
        connection,
        by: 'server',
        // Reset by the server at once, or left by the client when it has waited long enough.
        begunAgoMs: undefined,
        statusCode: undefined,
        message: 'turned away',
      }),
    )
    return true
  }

  #accept(socket: WireSocket, clientPort: number): void {
    this.#connectionCount += 1
    this.#world.notice({ kind: 'connected', connection: this.#connectionCount, clientPort })
    const connection = {
      number: this.#connectionCount,
      openedAtMs: Date.now(),
      device: undefined,
      loggedInAtMs: undefined,
      closedAtMs: undefined,
      routing: undefined,
    }
    this.#world.truth.connections.push(connection)
    this.#world.connections.add(new Connection(socket, this.#world, connection))
  }
}
