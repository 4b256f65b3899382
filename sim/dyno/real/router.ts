/**
 * Heroku's HTTP router in front of one web dyno, on 127.0.0.1: waits for a starting dyno, forwards, and gives
 * each failure its H code. One request's way is routed-request.ts, WebSockets are routed-upgrade.ts.
 * Surprising: connections to the dyno are kept for 90 s, as Router 2.0 does, so a server that closes idle
 * ones sooner than that meets H13 and H18 here too.
 */

import { Agent, createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { InfrastructureError } from '../../infrastructure-error.ts'
import type { RealRules } from './real-rules.ts'
import type { RouterBackend, RouterEntry } from './router-backend.ts'
import { RoutedRequest } from './routed-request.ts'
import { routeUpgrade } from './routed-upgrade.ts'

export interface RouterOptions {
  readonly rules: RealRules
  /** 0: any free one. */
  readonly port: number
  /** What the client is said to have used: `https` as on Heroku, where TLS ends at the router. */
  readonly protocol: 'http' | 'https'
  backend(): RouterBackend
  /** A request has come in: wakes a sleeping dyno. */
  onArrival(): void
  onEnd(entry: RouterEntry): void
}

/** What a routed request needs of its router. */
export interface RouterContext {
  readonly options: RouterOptions
  readonly agent: Agent
  /** Said to the app as X-Forwarded-Port. */
  readonly publicPort: number
  /** Resolves at the next change of what stands behind the router. */
  nextChange(): Promise<void>
}

const KEEP_ALIVE_MS = 90_000

export class Router {
  readonly #options: RouterOptions
  readonly #server: Server
  readonly #agent = new Agent({ keepAlive: true, timeout: KEEP_ALIVE_MS })
  readonly #sockets = new Set<Socket>()
  #change = Promise.withResolvers<void>()
  #port = 0

  constructor(options: RouterOptions) {
    this.#options = options
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 })
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('request', (request, response) => {
      options.onArrival()
      void new RoutedRequest(this.#context(), request, response).run()
    })
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      options.onArrival()
      void routeUpgrade(this.#context(), { request, socket, head })
    })
  }

  get port(): number {
    return this.#port
  }

  /** @throws InfrastructureError when the port is taken */
  async start(): Promise<void> {
    const { port } = this.#options
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject)
        this.#server.listen(port, '127.0.0.1', resolve)
      })
    } catch (error) {
      throw new InfrastructureError(
        `the router cannot listen on 127.0.0.1:${port}`,
        'another program uses the port, or it needs rights: choose another with --port, or --port 0 for any',
        { cause: error },
      )
    }
    const address = this.#server.address()
    this.#port = typeof address === 'object' && address !== null ? address.port : port
  }

  /** The backend has changed: waiting requests look again. */
  changed(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers()
  }

  /** Ends all connections; may be called twice. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    this.#agent.destroy()
    await closed
  }

  #context(): RouterContext {
    const { protocol } = this.#options
    return {
      options: this.#options,
      agent: this.#agent,
      publicPort: protocol === 'https' ? 443 : this.#port,
      nextChange: () => this.#change.promise,
    }
  }
}
