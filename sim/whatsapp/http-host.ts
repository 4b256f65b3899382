/**
 * The port: one HTTP or HTTPS server on which WebSocket upgrades become connections and other requests go to
 * whoever wants them (an admin interface, a media host), the first that answers. Closing leaves nothing open.
 */

import { createServer as createHttpServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'

/** @returns true when the request is its own, and it has answered or will */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => boolean

export interface TlsOptions {
  /** PEM. */
  readonly key: string | Buffer
  readonly cert: string | Buffer
}

export interface HostOptions {
  readonly port: number
  readonly host: string
  readonly tls: TlsOptions | undefined
  onSocket(socket: WebSocket): void
}

export class HttpHost {
  readonly #options: HostOptions
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  readonly #handlers: RequestHandler[] = []
  readonly #open = new Set<Duplex>()
  #port = 0

  constructor(options: HostOptions) {
    this.#options = options
    this.#server = options.tls === undefined ? createHttpServer() : createHttpsServer({ ...options.tls })
    this.#server.on('request', (request, response) => this.#answer(request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#server.on('connection', (socket) => {
      this.#open.add(socket)
      socket.on('close', () => this.#open.delete(socket))
    })
  }

  get port(): number {
    return this.#port
  }

  /** `ws` or `http` address of a path on this port; TLS adds the `s`. */
  url(scheme: 'ws' | 'http', path: string): string {
    const secure = this.#options.tls === undefined ? '' : 's'
    return `${scheme}${secure}://${this.#options.host}:${this.#port}${path}`
  }

  /** Requests go to handlers in the order in which they were added. @returns removes the handler */
  addHandler(handler: RequestHandler): () => void {
    this.#handlers.push(handler)
    return () => {
      const index = this.#handlers.indexOf(handler)
      if (index >= 0) this.#handlers.splice(index, 1)
    }
  }

  /** @throws Error when the port is taken or may not be used */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host: this.#options.host, port: this.#port || this.#options.port }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** New connections are refused from now on; those that are open stay. */
  async stopListening(): Promise<void> {
    // `close` would wait for every open connection to end; when it has stopped listening is told at once.
    this.#server.close()
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    for (const socket of this.#open) socket.destroy()
    await closed
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.#handlers.some((handler) => handler(request, response))) return
    response.writeHead(404, { 'content-type': 'text/plain' })
    response.end('Nothing here. WebSocket clients are served at any path.\n')
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#options.onSocket(webSocket))
  }
}
