/**
 * A WhatsApp server for tests, on loopback: unmodified Baileys clients pair with it, log in, send and receive
 * with real Signal encryption. People and groups are made by calls; what happened can be read from `truth()`.
 * Its state is this object's: clients may come and go as they like. Servers do not share anything.
 */

import { Curve } from '@whiskeysockets/baileys'
import { Connection } from './connection/connection.ts'
import { Directory } from './directory/directory.ts'
import { HttpHost } from './http-host.ts'
import { Pairings } from './login/pairings.ts'
import { Account } from './people/account.ts'
import { makeContact } from './people/contact.ts'
import { makeGroup } from './people/group.ts'
import { PostOffice } from './post/post-office.ts'
import { TruthLedger } from './truth-ledger.ts'
import { takeSnapshot } from './truth-snapshot.ts'
import { makeCertificate } from './wire/certificates.ts'
import type { ServerWorld } from './connection/server-world.ts'
import type { RequestHandler, TlsOptions } from './http-host.ts'
import type { AccountOptions } from './people/account.ts'
import type { Contact, ContactOptions } from './people/contact.ts'
import type { Group, GroupOptions } from './people/group.ts'
import type { TruthSnapshot } from './truth-snapshot.ts'
import type { NoiseKeys } from './wire/noise.ts'

export { trustFakeWhatsApp } from './wire/certificates.ts'

export interface FakeWhatsAppOptions {
  /** Port to listen on; a free one when 0 or not given. */
  readonly port?: number
  /** Loopback address to listen on. Default 127.0.0.1. */
  readonly host?: string
  /** Serves `wss://` and `https://` with this certificate instead of `ws://` and `http://`. */
  readonly tls?: TlsOptions
  /** How many QR texts a client gets before it has to connect anew. Default 6. */
  readonly qrRefs?: number
  /** Clients with an older version, such as `[2, 3000, 1]`, are refused with 405. Default: none is refused. */
  readonly minVersion?: readonly number[]
  /** Where clients are told to upload media to and fetch it from: `host` or `host:port`. Default: nowhere. */
  readonly mediaHosts?: readonly string[]
}

export interface FakeWhatsApp {
  /** For Baileys' `waWebSocketUrl`. */
  readonly url: string
  readonly port: number
  /** Where the port answers plain requests, without a path. */
  readonly httpUrl: string
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
  /** Sets where clients are told to put media from now on. */
  setMediaHosts(hosts: readonly string[]): void
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
  readonly #world: ServerWorld & { mediaHosts: readonly string[] }
  #connectionCount = 0

  constructor(options: FakeWhatsAppOptions) {
    const directory = new Directory()
    const truth = new TruthLedger()
    this.#world = {
      directory,
      truth,
      postOffice: new PostOffice({ directory, truth }),
      pairings: new Pairings(),
      connections: new Set(),
      qrRefs: options.qrRefs ?? 6,
      minVersion: options.minVersion,
      mediaHosts: options.mediaHosts ?? [],
      noiseKeys: lazily(makeNoiseKeys),
    }
    this.#host = new HttpHost({
      port: options.port ?? 0,
      host: options.host ?? '127.0.0.1',
      tls: options.tls,
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
  }

  get url(): string {
    return this.#host.url('ws', '/ws/chat')
  }

  get httpUrl(): string {
    return this.#host.url('http', '')
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

  setMediaHosts(hosts: readonly string[]): void {
    this.#world.mediaHosts = hosts
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
