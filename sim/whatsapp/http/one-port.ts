/**
 * One TCP port that speaks both plain HTTP and TLS, told apart by a connection's first byte, so that `ws://`,
 * `wss://`, the media host and the admin interface share one address. It owns the listening socket and every
 * connection on it; what is said over them is the HTTP server's business.
 */

import { createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import type { Certificate } from './certificate.ts'

/** The first byte of a TLS record that carries a handshake; no HTTP method begins with it. */
const TLS_HANDSHAKE = 0x16
/** The server is never to be seen from outside this machine. */
export const LOOPBACK = '127.0.0.1'

export interface OnePortParts {
  /** Takes every connection, decrypted; it must not listen itself. */
  readonly http: HttpServer
  /** Asked for at the first TLS connection. */
  readonly certificate: () => Promise<Certificate>
}

export class OnePort {
  readonly #http: HttpServer
  readonly #certificate: () => Promise<Certificate>
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #isClosed = false
  #tls: Promise<TlsServer> | undefined

  constructor({ http, certificate }: OnePortParts) {
    this.#http = http
    this.#certificate = certificate
  }

  /**
   * Listens on loopback.
   * @param port 0 for any free one
   * @returns the port
   * @throws Node's error, e.g. EADDRINUSE; Error after `close`
   */
  async listen(port: number): Promise<number> {
    if (this.#isClosed) throw closedError()
    const server = createServer((socket) => this.#accept(socket))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', reject)
    server.listen(port, LOOPBACK, resolve)
    await promise
    if (this.#isClosed) {
      server.close()
      throw closedError()
    }
    // Out of file descriptors, for one: who is refused knows it, and the others go on.
    server.on('error', ignore)
    this.#server = server
    return (server.address() as AddressInfo).port
  }

  /** New connections are refused by the system; those that stand stay. `listen` opens it again. */
  stopListening(): void {
    this.#server?.close()
    this.#server = undefined
  }

  /** Ends every connection at once and frees the port. May be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true
    const server = this.#server
    this.#server = undefined
    const closed = Promise.withResolvers<void>()
    if (server === undefined) closed.resolve()
    else server.close(() => closed.resolve())
    for (const socket of this.#sockets) socket.destroy()
    await closed.promise
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    // A reset before the first byte has no other listener yet.
    socket.on('error', ignore)
    const look = (): void => {
      const first = socket.read(1) as Buffer | null
      if (first === null) return
      socket.off('readable', look)
      socket.unshift(first)
      if (first[0] === TLS_HANDSHAKE) void this.#decrypt(socket)
      else this.#http.emit('connection', socket)
    }
    socket.on('readable', look)
  }

  async #decrypt(socket: Socket): Promise<void> {
    try {
      this.#tls ??= this.#createTls()
      const tls = await this.#tls
      tls.emit('connection', socket)
    } catch {
      // Without a certificate nothing can be said to this client.
      socket.destroy()
    }
  }

  async #createTls(): Promise<TlsServer> {
    return createTlsServer(await this.#certificate(), (socket) => this.#http.emit('connection', socket))
  }
}

function closedError(): Error {
  return new Error('this fake WhatsApp is closed')
}

function ignore(): void {}
