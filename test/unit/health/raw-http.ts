/** HTTP over a bare socket, for what no proper client would send. */

import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** Sends the bytes and resolves with all that came back when the server has closed; a reset closes, too. */
export function exchange(port: number, request: string | Uint8Array): Promise<string> {
  return answerOn(open(port), request)
}

export function open(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  return socket
}

/** As `exchange`, on a socket that the test goes on using; it ends its own side when the server did. */
export function answerOn(socket: Socket, request: string | Uint8Array): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('end', () => socket.end())
  socket.write(request)
  return closed(socket).then(() => Buffer.concat(chunks).toString('latin1'))
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
