/** A WebSocket (or any other upgrade) through the router: bytes both ways, H15 after 55 s without any. */

import { connect } from 'node:net'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { ROUTER_ERRORS } from './router-backend.ts'
import type { RouterErrorCode } from './router-backend.ts'
import { awaitBackend, forwardedForOf, forwardedHeaders, requestIdOf } from './routed-head.ts'
import type { RouterContext } from './router.ts'

export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Socket
  readonly head: Buffer
}

export async function routeUpgrade(context: RouterContext, upgrade: Upgrade): Promise<void> {
  const { request, socket, head } = upgrade
  const { options } = context
  const requestId = requestIdOf(request)
  const forwardedFor = forwardedForOf(request)
  socket.on('error', () => undefined)
  const backend = await awaitBackend(context, () => socket.destroyed)
  const startedAtMs = performance.now()
  const end = (error: RouterErrorCode | undefined, bytes: number | undefined): void =>
    options.onEnd({
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      host: request.headers.host ?? '',
      requestId,
      forwardedFor,
      protocol: options.protocol,
      error,
      hasDyno: bytes !== undefined,
      connectMs: bytes === undefined ? undefined : 0,
      serviceMs: bytes === undefined ? undefined : performance.now() - startedAtMs,
      status: error === undefined ? 101 : ROUTER_ERRORS[error].status,
      bytes,
    })
  if (typeof backend !== 'number') {
    const code = backend === 'client-gone' ? 'H27' : backend
    end(code, undefined)
    socket.end(`HTTP/1.1 ${ROUTER_ERRORS[code].status} Service Unavailable\r\nConnection: close\r\n\r\n`)
    return
  }
  const upstream = connect({ host: '127.0.0.1', port: backend })
  upstream.on('error', () => undefined)
  upstream.once('connect', () => {
    upstream.write(headText(request, forwardedHeaders(context, request, requestId)))
    upstream.write(head)
    upstream.pipe(socket)
    socket.pipe(upstream)
  })
  joinLives(socket, upstream, options.rules.idleTimeoutMs, (isIdle) => {
    if (isIdle) end('H15', upstream.bytesRead)
    else end(upstream.bytesRead === 0 ? 'H13' : undefined, upstream.bytesRead)
  })
}

/** Either end takes the other with it. */
function joinLives(a: Socket, b: Socket, idleMs: number, onEnd: (isIdle: boolean) => void): void {
  let isOver = false
  const over = (isIdle: boolean): void => {
    if (isOver) return
    isOver = true
    onEnd(isIdle)
    a.destroy()
    b.destroy()
  }
  for (const socket of [a, b]) socket.once('close', () => over(false))
  // Data either way reaches `b`.
  b.setTimeout(idleMs, () => over(true))
}

function headText(request: IncomingMessage, headers: ReturnType<typeof forwardedHeaders>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`)
  return [`${request.method} ${request.url} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}
