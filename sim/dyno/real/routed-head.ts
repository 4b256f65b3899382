/** What the router adds to a request's head, and how long it waits for a dyno. */

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { RouterErrorCode } from './router-backend.ts'
import type { RouterContext } from './router.ts'

/** 20 to 200 letters, digits and dashes: the router takes a client's own request id. …/articles/http-request-id */
const REQUEST_ID = /^[\w-]{20,200}$/

export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
}

/** The client's address last, after whatever the client claimed. */
export function forwardedForOf(request: IncomingMessage): string {
  const peer = request.socket.remoteAddress ?? ''
  const claimed = request.headers['x-forwarded-for']
  return claimed === undefined ? peer : `${String(claimed)}, ${peer}`
}

/** …/articles/http-routing, "Heroku Headers". */
export function forwardedHeaders(
  context: RouterContext,
  request: IncomingMessage,
  requestId: string,
): OutgoingHttpHeaders {
  return {
    ...request.headers,
    'x-forwarded-for': forwardedForOf(request),
    'x-forwarded-proto': context.options.protocol,
    'x-forwarded-port': `${context.publicPort}`,
    'x-request-start': `${Date.now()}`,
    'x-request-id': requestId,
    via: '1.1 heroku-router',
  }
}

/** The dyno's port, or why there is none; `client-gone` when nobody waits any more. */
export async function awaitBackend(
  context: RouterContext,
  isClientGone: () => boolean,
): Promise<number | RouterErrorCode | 'client-gone'> {
  const { options } = context
  const endMs = performance.now() + options.rules.queueLimitMs
  while (!isClientGone()) {
    const now = options.backend()
    if (now.kind === 'up') return now.port
    if (now.kind === 'crashed') return 'H10'
    if (now.kind === 'scaled-down') return 'H14'
    const leftMs = endMs - performance.now()
    if (leftMs <= 0) return 'H20'
    // Looks again at least each second, for a client that has gone meanwhile.
    await Promise.race([context.nextChange(), delay(Math.min(leftMs, 1_000), undefined, { ref: false })])
  }
  return 'client-gone'
}
