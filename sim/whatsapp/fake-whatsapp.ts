/**
 * A WhatsApp server for tests, on loopback: unmodified Baileys clients pair with it, log in, send and receive
 * with real Signal encryption. People and groups are made by calls; what happened can be read from `truth()`.
 * Its state is this object's: clients may come and go as they like. Servers do not share anything.
 */

import { Curve } from '@whiskeysockets/baileys'
import { adminRoutes } from './admin/admin-routes.ts'
import { AdminServer } from './admin/admin-server.ts'
import { Connection } from './connection/connection.ts'
import { Directory } from './directory/directory.ts'
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
import { makeCertificate } from './wire/certificates.ts'
import type { ServerWorld } from './connection/server-world.ts'
import type { Certificate } from './http/certificate.ts'
import type { RequestHandler } from './http-host.ts'
import type { MediaKind, MediaOptions } from './media/media-message.ts'
import type { MediaLimits, StoredMedia } from './media/media-store.ts'
import type { MessageContent } from './people/sealed-mail.ts'
import type { AccountOptions } from './people/account.ts'
import type { Contact, ContactOptions } from './people/contact.ts'
import type { Group, GroupOptions } from './people/group.ts'
import type { TruthSnapshot } from './truth-snapshot.ts'
import type { NoiseKeys } from './wire/noise.ts'

export { trustCertificate } from './http/certificate.ts'
export { trustFakeWhatsApp } from './wire/certificates.ts'

export interface FakeWhatsAppOptions {
  /** Port to listen on; a free one when 0 or not given. */
  readonly port?: number
  /** For `wss://` and the media host, in place of the one that this process makes for itself. PEM texts. */
  readonly tls?: Certificate
  /** How many QR texts a client gets before it has to connect anew. Default 6. */
  readonly qrRefs?: number
  /** Clients with an older version, such as `[2, 3000, 1]`, are refused with 405. Default: none is refused. */
  readonly minVersion?: readonly number[]
  /** What the media host keeps; the oldest files go first. Default: 1,000 files, 128 MiB. */
  readonly media?: Partial<MediaLimits>
}

export interface FakeWhatsApp {
  /** For Baileys' `waWebSocketUrl`: `ws://…`. */
  readonly url: string
  /** The same by `wss://`, for clients that trust `certificate()`. */
  readonly secureUrl: string
  readonly port: number
  /** Where the port answers plain requests, without a path. */
  readonly httpUrl: string
  /** Of the admin interface, see docs/fake-whatsapp-admin.md. */
  readonly adminUrl: string
  /** Accounts, in the order of their making. */
  readonly accounts: readonly Account[]
  readonly contacts: readonly Contact[]
  readonly groups: readonly Group[]
  /** Clients that show a QR or asked for a code, and wait. */
  readonly waitingForPairing: number
  addAccount(options?: AccountOptions): Account
  addContact(options?: ContactOptions): Contact
  addGroup(options: GroupOptions): Group
  /** Sends plain HTTP requests to the handler. @returns removes it again */
  addRequestHandler(handler: RequestHandler): () => void
  /** The certificate of `wss://` and of the media host, which is `https://` only. PEM text. */
  certificate(): Promise<string>
  /** A file that a contact can `say`: it is sealed and put on the media host. */
  mediaMessage(kind: MediaKind, file: Uint8Array, options?: MediaOptions): Promise<MessageContent>
  /** The file that a received message speaks of, opened. @throws Error when there is none */
  mediaOf(message: { readonly content: MessageContent }): Promise<Buffer>
  /** The sealed files on the media host, from the oldest to the newest. */
  readonly mediaFiles: readonly StoredMedia[]
  /** What has really happened so far, as plain data. */
  truth(): TruthSnapshot
  /** Resolves when everything that has arrived so far has been read and answered by the simulated people. */
  idle(): Promise<void>
  /** Ends every connection and stops listening. May be called twice. */
  close(): Promise<void>
}

/** @throws Error when the port is taken or may not be used */
export async function startFakeWhatsApp(options: FakeWhatsAppOptions = {}): Promise<FakeWhatsApp> {
  const server = new FakeWhatsAppServer(options)
  await server.listen()
  return server
}

class FakeWhatsAppServer implements FakeWhatsApp {
  readonly accounts: Account[] = []
  readonly contacts: Contact[] = []
  readonly groups: Group[] = []
  readonly #host: HttpHost
  readonly #world: ServerWorld
  readonly #media: MediaHost
  readonly #makeCertificate: () => Promise<Certificate>
  #connectionCount = 0

  constructor(options: FakeWhatsAppOptions) {
    const directory = new Directory()
    const truth = new TruthLedger()
    const limits = { ...DEFAULT_MEDIA_LIMITS, ...options.media }
    const { tls } = options
    this.#makeCertificate = tls === undefined ? loopbackCertificate : () => Promise.resolve(tls)
    this.#media = new MediaHost(() => this.#host.authority, limits)
    this.#world = {
      directory,
      truth,
      postOffice: new PostOffice({ directory, truth }),
      pairings: new Pairings(),
      connections: new Set(),
      qrRefs: options.qrRefs ?? 6,
      minVersion: options.minVersion,
      media: this.#media,
      noiseKeys: lazily(makeNoiseKeys),
    }
    this.#host = new HttpHost({
      port: options.port ?? 0,
      certificate: this.#makeCertificate,
      onSocket: (socket) => {
        this.#connectionCount += 1
        const connection = {
          number: this.#connectionCount,
          openedAtMs: Date.now(),
          device: undefined,
          loggedInAtMs: undefined,
          closedAtMs: undefined,
        }
        truth.connections.push(connection)
        this.#world.connections.add(new Connection(socket, this.#world, connection))
      },
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
    for (const connection of this.#world.connections) connection.terminate()
    await this.#host.close()
    this.#media.store.clear()
  }
}

function makeNoiseKeys(): NoiseKeys {
  const staticKey = Curve.generateKeyPair()
  return { staticKey, certificate: makeCertificate(staticKey.public) }
}

function lazily<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
