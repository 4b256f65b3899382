/**
 * A TCP proxy before a Postgres server that can do to its clients what networks, failovers and full servers
 * do, at any time while it runs. On 127.0.0.1 only. It refuses TLS unless told to pass it through, and then
 * the faults that look into messages (writes, FATALs, read-only) cannot strike.
 */

import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { PrngStream } from '../../world/prng.ts'
import { ActiveFaults } from './active-faults.ts'
import { ProxiedConnection } from './proxied-connection.ts'
import { ActiveFault } from './proxy-fault.ts'
import type { FatalState, FaultHandle, ProxyFault } from './proxy-fault.ts'
import { TrapDoor } from './write-trap.ts'
import type { WriteTrap } from './write-trap.ts'

export interface FaultProxyOptions {
  /** postgres://…; reached by TCP, also where the URL names a Unix socket beside host and port. */
  readonly upstreamUrl: string
  /** 0: any free one. */
  readonly port: number
  /** `refuse`: SSLRequest is answered with N. `pass`: it goes to the server. */
  readonly tls: 'refuse' | 'pass'
  /** Determines jitter. */
  readonly seed: string
  /** Is told which of the server's processes serves the client at this port. */
  onSession?(backendPid: number, clientPort: number): void
}

const DEFAULT_PORT = 5_432

export class FaultProxy {
  readonly #options: FaultProxyOptions
  readonly #faults = new ActiveFaults()
  readonly #trapDoor = new TrapDoor()
  readonly #random: PrngStream
  readonly #connections = new Set<ProxiedConnection>()
  readonly #sockets = new Set<Socket>()
  #upstreamUrl: string
  #server: Server | undefined
  #port: number

  constructor(options: FaultProxyOptions) {
    this.#options = options
    this.#upstreamUrl = options.upstreamUrl
    this.#port = options.port
    this.#random = new PrngStream(`fault-proxy/${options.seed}`)
  }

  /** The server's URL with this proxy in its place. */
  get url(): string {
    const url = new URL(this.#upstreamUrl)
    url.hostname = '127.0.0.1'
    url.port = `${this.#port}`
    url.searchParams.delete('host')
    return url.href
  }

  get port(): number {
    return this.#port
  }

  /** Clients connected now. */
  get connections(): number {
    return this.#sockets.size
  }

  /** @throws Error when the port is taken */
  async start(): Promise<void> {
    await this.#listen(this.#port)
  }

  /** Sets a fault to work; faults of different kinds add up. */
  async inject(fault: ProxyFault): Promise<FaultHandle> {
    const active = new ActiveFault(fault)
    this.#faults.add(active)
    await this.#begin(active)
    return {
      fault,
      get strikes() {
        return active.strikes
      },
      lift: () => this.#lift(active),
    }
  }

  /** Sets a trap in the place of one that waits; undefined takes it away. */
  setTrap(trap: WriteTrap | undefined): void {
    this.#trapDoor.set(trap)
  }

  /** Ends every fault. */
  async liftAll(): Promise<void> {
    for (const active of this.#faults.all()) await this.#lift(active)
  }

  /**
   * From now on another server: connections are cut off, running statements of theirs end unheard.
   * `changed`: the old address is closed and the new one is in `url`, as after Heroku's failover.
   * @returns how many connections were cut
   */
  async failOver(to: {
    readonly upstreamUrl: string
    readonly address: 'kept' | 'changed'
  }): Promise<number> {
    const cut = this.#connections.size
    if (to.address === 'changed') void this.#stopListening()
    this.#upstreamUrl = to.upstreamUrl
    for (const connection of this.#connections) connection.reset()
    if (to.address === 'changed') await this.#listen(0)
    return cut
  }

  /** Ends everything; may be called twice. */
  async stop(): Promise<void> {
    const closed = this.#stopListening()
    for (const connection of this.#connections) connection.close()
    await Promise.all(
      [...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    )
    await closed
  }

  async #begin(active: ActiveFault): Promise<void> {
    switch (active.fault.kind) {
      case 'reset':
        for (const connection of this.#connections) {
          active.strike()
          connection.reset()
        }
        break
      case 'half-open':
        for (const connection of this.#connections) connection.loseServer()
        break
      case 'refuse':
        void this.#stopListening()
        break
      case 'fatal':
        if (active.fault.sqlState !== '57P01') break
        for (const connection of this.#connections) if (connection.terminate()) active.strike()
        break
      case 'latency':
      case 'bandwidth':
      case 'reset-at-write':
      case 'black-hole':
      case 'read-only':
      case 'connection-cap':
        break
      default:
        active.fault satisfies never
    }
  }

  async #lift(active: ActiveFault): Promise<void> {
    if (!this.#faults.delete(active)) return
    if (active.fault.kind === 'refuse' && this.#faults.first('refuse') === undefined)
      await this.#listen(this.#port)
    for (const connection of this.#connections) connection.wake()
  }

  #accept(client: Socket): void {
    this.#sockets.add(client)
    client.once('close', () => this.#sockets.delete(client))
    const connection: ProxiedConnection = new ProxiedConnection({
      client,
      upstream: upstreamOf(this.#upstreamUrl),
      faults: this.#faults,
      trapDoor: this.#trapDoor,
      random: this.#random,
      passesTls: this.#options.tls === 'pass',
      greeting: () => this.#greeting(),
      onSession: (backendPid, clientPort) => this.#options.onSession?.(backendPid, clientPort),
      onClose: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
  }

  #greeting(): FatalState | undefined {
    const fatal = this.#faults.of('fatal').find(({ fault }) => fault.sqlState !== '57P01')
    const used = [...this.#connections].filter(({ hasServer }) => hasServer).length
    const cap = this.#faults.of('connection-cap').find(({ fault }) => used >= fault.maxConnections)
    const struck = fatal ?? cap
    struck?.strike()
    return fatal?.fault.sqlState ?? (cap === undefined ? undefined : '53300')
  }

  async #listen(port: number): Promise<void> {
    const server = createServer((socket) => this.#accept(socket))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    this.#server = server
    const address = server.address()
    this.#port = typeof address === 'object' && address !== null ? address.port : port
  }

  /** Present connections stay. Resolves when the last of them has ended; the port is free at once. */
  #stopListening(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    return new Promise((resolve) => {
      if (server === undefined) resolve()
      else server.close(() => resolve())
    })
  }
}

function upstreamOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: port === '' ? DEFAULT_PORT : Number(port) }
}
