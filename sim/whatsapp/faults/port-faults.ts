/** What can go wrong before a WebSocket exists. Plain HTTP requests are never touched. */

import type { Socket } from 'node:net'
import { STATUS_CODES } from 'node:http'
import type { FaultBoard } from './fault-board.ts'

/** @returns true when the fault has dealt with the upgrade, and nothing more may be done with the socket */
export function interceptUpgrade(board: FaultBoard, socket: Socket): boolean {
  if (board.strike('reset-at-connect', undefined) !== undefined) {
    resetSocket(socket)
    return true
  }
  if (
    board.strike('no-upgrade', undefined) !== undefined ||
    board.strike('black-hole', undefined) !== undefined
  ) {
    socket.pause()
    return true
  }
  const error = board.strike('http-error', undefined)
  if (error === undefined) return false
  const head = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}\r\nContent-Length: 0\r\n\r\n`
  if (error.keepsSocket === true) socket.write(head)
  else socket.end(head)
  return true
}

/** A TCP reset; over TLS, where Node has none, the connection just breaks. */
export function resetSocket(socket: Socket): void {
  try {
    socket.resetAndDestroy()
  } catch {
    socket.destroy()
  }
}
