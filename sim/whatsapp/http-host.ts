/**
 * The port: WebSocket upgrades become connections and other requests go to whoever wants them (the admin
 * interface, the media host), the first that answers; plain and over TLS alike. Closing leaves nothing open.
 */

import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { Certificate } from './http/certificate.ts'
import { LOOPBACK, OnePort } from './http/one-port.ts'

/** @returns true when the request is its own, and it has answered or will */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => boolean

export interface HostOptions {
  readonly port: number
  /** Asked for at the first TLS connection. */
  readonly certificate: () => Promise<Certificate>
  /** @returns true when the upgrade has been dealt with */
  interceptUpgrade(socket: Socket): boolean
  onSocket(webSocket: WebSocket, socket: Socket): void
}

export class HttpHost {
  readonly #options: HostOptions
  readonly #server: Server = createServer()
  readonly #onePort: OnePort
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  readonly #handlers: RequestHandler[] = []
  #port = 0

  constructor(options: HostOptions) {
    this.#options = options
    this.#onePort = new OnePort({ http: this.#server, certificate: options.certificate })
    this.#server.on('request', (request, response) => this.#answer(request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  get port(): number {
    return this.#port
  }

  /** `host:port`, without scheme and path. */
  get authority(): string {
    return `${LOOPBACK}:${this.#port}`
  }

  /** Requests go to handlers in the order in which they were added. @returns removes the handler */
  addHandler(handler: RequestHandler): () => void {
    this.#handlers.push(handler)
    return () => {
      const index = this.#handlers.indexOf(handler)
      if (index >= 0) this.#handlers.splice(index, 1)
    }
  }

  /** Also after `stopListening`, on the same port. @throws Error when the port is taken or may not be used */
  async listen(): Promise<void> {
    this.#port = await this.#onePort.listen(this.#port || this.#options.port)
  }

  /** New connections are refused from now on; those that are open stay. */
  stopListening(): void {
    this.#onePort.stopListening()
  }

  async close(): Promise<void> {
    await this.#onePort.close()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.#handlers.some((handler) => handler(request, response))) return
    response.writeHead(404, { 'content-type': 'text/plain' })
    response.end('Nothing here. WebSocket clients are served at any path.\n')
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node types it wider than it is: what asks for an upgrade came over TCP or TLS.
    const tcp = socket as Socket
    tcp.on('error', () => undefined)
    if (this.#options.interceptUpgrade(tcp)) return
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#options.onSocket(webSocket, tcp))
  }
}
