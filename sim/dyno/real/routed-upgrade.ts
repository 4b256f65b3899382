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
    socket.end(refusalText(code))
    return
  }
  const { connectTimeoutMs, idleTimeoutMs } = options.rules
  const upstream = connect({ host: '127.0.0.1', port: backend })
  upstream.once('connect', () => {
    upstream.write(headText(request, forwardedHeaders(context, request, requestId)))
    upstream.write(head)
    upstream.pipe(socket, { end: false })
    socket.pipe(upstream)
  })
  joinLives(socket, upstream, { connectTimeoutMs, idleTimeoutMs }, (cause) => {
    const { bytesRead } = upstream
    const code = cause === 'H15' || bytesRead === 0 ? cause : undefined
    end(code, bytesRead)
    if (code !== undefined && bytesRead === 0) socket.write(refusalText(code))
  })
}

/**
 * Either end takes the other with it.
 * @param onEnd told once, before the ends go: what it is called if the app has not answered
 */
function joinLives(
  client: Socket,
  app: Socket,
  limits: Readonly<Record<'connectTimeoutMs' | 'idleTimeoutMs', number>>,
  onEnd: (cause: RouterErrorCode) => void,
): void {
  let isOver = false
  const over = (cause: RouterErrorCode): void => {
    if (isOver) return
    isOver = true
    onEnd(cause)
    client.end(() => client.destroy())
    app.destroy()
  }
  client.once('close', () => over('H27'))
  // Once answered, the client's end goes to the app, which may have more to say.
  client.once('end', () => app.bytesRead === 0 && over('H27'))
  app.once('error', (error) => over('code' in error && error.code === 'ECONNREFUSED' ? 'H21' : 'H13'))
  app.once('close', () => over('H13'))
  app.on('error', () => undefined)
  app.setTimeout(limits.connectTimeoutMs, () => over(app.connecting ? 'H19' : 'H15'))
  // Data either way reaches it.
  app.once('connect', () => app.setTimeout(limits.idleTimeoutMs))
}

function refusalText(code: RouterErrorCode): string {
  return `HTTP/1.1 ${ROUTER_ERRORS[code].status} Service Unavailable\r\nConnection: close\r\n\r\n`
}

function headText(request: IncomingMessage, headers: ReturnType<typeof forwardedHeaders>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`)
  return [`${request.method} ${request.url} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}
