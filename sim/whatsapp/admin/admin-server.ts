/**
 * The HTTP side of the admin interface: reads a request, finds its route, checks the body, answers JSON. Only
 * programs on this machine may use it: the port is bound to loopback, and a browser that was sent here by a
 * page from elsewhere gives itself away by its Host or Origin header.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { describeIssues } from '../../cli/schema-problem.ts'
import { readBody } from '../http/request-body.ts'
import { AdminProblem } from './admin-problem.ts'
import { findRoute } from './route.ts'
import type { Route } from './route.ts'

const PREFIX = /^\/admin(?:\/|$)/
/** Far above any text message; media goes to the media host. */
const MAX_BODY_BYTES = 1_000_000
const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/

export class AdminServer {
  readonly #routes: readonly Route[]

  constructor(routes: readonly Route[]) {
    this.#routes = routes
  }

  /** Answers the request if its path is the admin interface's. @returns whether it is */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const [path = ''] = (request.url ?? '').split('?')
    if (!PREFIX.test(path)) return false
    void this.#respond(request, response, path)
    return true
  }

  async #respond(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    try {
      refuseStrangers(request)
      const { route, params } = findRoute(this.#routes, request.method ?? 'GET', path)
      const body = await readJson(request, route)
      if (body === 'aborted') return
      const query = new URL(request.url ?? '', 'http://admin.invalid').searchParams
      const result = await route.answer({ params, query, body: body.value })
      send(response, route.status, result)
    } catch (error) {
      // What a route throws beyond that is our own bug: the caller gets its message, for this is a test tool.
      const parts =
        error instanceof AdminProblem
          ? error.parts
          : { status: 500, what: String(error), where: path, mend: 'this is a bug of the fake WhatsApp' }
      request.resume()
      if (parts.status === 413) response.setHeader('connection', 'close')
      send(response, parts.status, { error: { what: parts.what, where: parts.where, mend: parts.mend } })
    }
  }
}

/** @throws AdminProblem 403 for a request that a web page from elsewhere made */
function refuseStrangers({ headers }: IncomingMessage): void {
  const origin = headers.origin
  const isOriginOk = origin === undefined || LOOPBACK_HOST.test(origin.replace(/^https?:\/\//, ''))
  if (isOriginOk && LOOPBACK_HOST.test(headers.host ?? '')) return
  throw new AdminProblem({
    status: 403,
    what: 'the admin interface answers programs on this machine only',
    where: isOriginOk ? 'header host' : 'header origin',
    mend: 'ask 127.0.0.1 or localhost directly',
  })
}

async function readJson(request: IncomingMessage, route: Route): Promise<'aborted' | { value: unknown }> {
  if (route.body === undefined) return { value: undefined }
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new AdminProblem({
      status: 415,
      what: 'the body must be JSON',
      where: 'header content-type',
      mend: 'send content-type: application/json',
    })
  }
  const body = await readBody(request, MAX_BODY_BYTES)
  if (body.outcome === 'aborted') return 'aborted'
  if (body.outcome === 'too-large') {
    throw new AdminProblem({
      status: 413,
      what: `the body is larger than ${MAX_BODY_BYTES} bytes`,
      where: 'body',
      mend: 'send less',
    })
  }
  return { value: checked(route, parse(body.content)) }
}

function parse(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8')) as unknown
  } catch (error) {
    throw new AdminProblem(
      { status: 400, what: 'the body is not JSON', where: 'body', mend: (error as Error).message },
      { cause: error },
    )
  }
}

function checked(route: Route, value: unknown): unknown {
  const result = route.body?.safeParse(value)
  if (result === undefined || result.success) return result?.data
  throw new AdminProblem({
    status: 400,
    what: 'the body has wrong fields',
    where: describeIssues(result.error).join('; '),
    mend: 'docs/fake-whatsapp-admin.md shows each body',
  })
}

function send(response: ServerResponse, status: number, content: unknown): void {
  if (response.headersSent || response.destroyed) return
  const text = `${JSON.stringify(content ?? {}, jsonValue, 2)}\n`
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(text)
}

/** Bytes as base64, Maps as objects, Sets as arrays. `value` has been through toJSON, hence the look at `this`. */
function jsonValue(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const original = this[key]
  if (original instanceof Uint8Array) return Buffer.from(original).toString('base64')
  if (value instanceof Map) return Object.fromEntries(value)
  if (value instanceof Set) return [...value]
  return typeof value === 'bigint' ? value.toString() : value
}
