/**
 * One client's WebSocket and the TCP socket below it: sending, and every way of ending or not ending it.
 * Sockets that are gone are passed over silently; that they are gone is what `onClose` tells.
 */

import type { Socket } from 'node:net'
import { resetSocket } from '../faults/port-faults.ts'
import type { RawData, WebSocket } from 'ws'

export class WireSocket {
  readonly #webSocket: WebSocket
  readonly #socket: Socket
  #closeTimer: NodeJS.Timeout | undefined
  #endedHereAtMs: number | undefined

  constructor(webSocket: WebSocket, socket: Socket) {
    this.#webSocket = webSocket
    this.#socket = socket
    // A broken socket closes too; there is nothing to add.
    webSocket.on('error', () => undefined)
  }

  onBytes(take: (bytes: Buffer) => void): void {
    this.#webSocket.on('message', (data: RawData) => {
      take(Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Uint8Array))
    })
  }

  onClose(take: () => void): void {
    this.#webSocket.on('close', () => {
      clearTimeout(this.#closeTimer)
      take()
    })
  }

  /** Resolves when the bytes have been written, or the socket is gone. */
  async send(data: Uint8Array | string): Promise<void> {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return
    await new Promise<void>((resolve) => {
      this.#webSocket.send(data, () => resolve())
    })
  }

  /** Writes below the WebSocket, where no frame protects it. */
  async sendUnframed(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#socket.write(bytes, () => resolve())
    })
  }

  /** When the server began to end it, or said that it will, on the monotonic clock; undefined when it did not. */
  get endedHereAtMs(): number | undefined {
    return this.#endedHereAtMs
  }

  close(code: number): void {
    this.#endedHereAtMs ??= performance.now()
    this.#webSocket.close(code)
  }

  closeAfter(delayMs: number): void {
    this.#endedHereAtMs ??= performance.now()
    this.#closeTimer ??= setTimeout(() => this.#webSocket.close(1000), delayMs)
  }

  terminate(): void {
    this.#endedHereAtMs ??= performance.now()
    this.#webSocket.terminate()
  }

  reset(): void {
    this.#endedHereAtMs ??= performance.now()
    resetSocket(this.#socket)
  }

  /** Stops reading, below the WebSocket: not even its close is answered. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }
}
