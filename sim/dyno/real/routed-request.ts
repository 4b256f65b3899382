/**
 * One request on its way through the router: waiting → connecting → sending → answering → over. Whatever
 * happens first ends it with one log line; after H12 the dyno goes on working and its answer is thrown away.
 */

import { request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { ROUTER_ERRORS } from './router-backend.ts'
import type { RouterErrorCode } from './router-backend.ts'
import { awaitBackend, forwardedForOf, forwardedHeaders, requestIdOf } from './routed-head.ts'
import type { RouterContext } from './router.ts'

/** What Heroku shows instead of the app's answer, much shortened. */
const ERROR_PAGE = '<!DOCTYPE html><title>Application Error</title><h1>Application error</h1>\n'

export class RoutedRequest {
  readonly #context: RouterContext
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #requestId: string
  #upstream: ClientRequest | undefined
  #timer: NodeJS.Timeout | undefined
  #startedAtMs: number | undefined
  #connectMs: number | undefined
  #isSent = false
  #isAnswering = false
  #bytes = 0
  #isOver = false

  constructor(context: RouterContext, request: IncomingMessage, response: ServerResponse) {
    this.#context = context
    this.#request = request
    this.#response = response
    this.#requestId = requestIdOf(request)
  }

  async run(): Promise<void> {
    this.#request.on('error', () => undefined)
    this.#response.on('error', () => undefined)
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) this.#fail('H27')
    })
    const backend = await awaitBackend(this.#context, () => this.#isOver)
    if (this.#isOver || backend === 'client-gone') return
    if (typeof backend === 'number') this.#forward(backend)
    else this.#fail(backend)
  }

  #forward(port: number): void {
    const { rules } = this.#context.options
    const startedAtMs = performance.now()
    this.#startedAtMs = startedAtMs
    const upstream = httpRequest({
      host: '127.0.0.1',
      port,
      agent: this.#context.agent,
      method: this.#request.method,
      path: this.#request.url,
      headers: forwardedHeaders(this.#context, this.#request, this.#requestId),
    })
    this.#upstream = upstream
    this.#limit(rules.connectTimeoutMs, 'H19')
    upstream.once('socket', (socket) => {
      const connected = (): void => {
        this.#connectMs = performance.now() - startedAtMs
        this.#limit(rules.idleTimeoutMs, 'H28')
      }
      if (socket.connecting) socket.once('connect', connected)
      else connected()
    })
    upstream.once('finish', () => {
      this.#isSent = true
      if (!this.#isAnswering) this.#limit(rules.requestTimeoutMs, 'H12')
    })
    upstream.once('response', (answer) => this.#answer(answer))
    upstream.on('error', (error) => this.#upstreamFailed(error))
    this.#request.on('data', () => {
      if (!this.#isSent && this.#connectMs !== undefined) this.#limit(rules.idleTimeoutMs, 'H28')
    })
    this.#request.pipe(upstream)
  }

  #answer(answer: IncomingMessage): void {
    if (this.#isOver) {
      answer.resume()
      return
    }
    const { rules } = this.#context.options
    const response = this.#response
    this.#isAnswering = true
    this.#limit(rules.idleTimeoutMs, 'H15')
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders)
    answer.on('data', (bytes: Buffer) => {
      this.#bytes += bytes.length
      this.#limit(rules.idleTimeoutMs, 'H15')
    })
    answer.once('aborted', () => this.#fail('H18'))
    answer.on('error', () => this.#fail('H18'))
    response.once('finish', () => this.#over(undefined, answer.statusCode ?? 502))
    answer.pipe(response)
  }

  #upstreamFailed(error: Error): void {
    if (this.#isAnswering) this.#fail('H18')
    else if ('code' in error && error.code === 'ECONNREFUSED') this.#fail('H21')
    else this.#fail('H13')
  }

  /** One limit at a time: the next one replaces it. */
  #limit(ms: number, code: RouterErrorCode): void {
    clearTimeout(this.#timer)
    if (!this.#isOver) this.#timer = setTimeout(() => this.#fail(code), ms)
  }

  #fail(code: RouterErrorCode): void {
    if (this.#isOver) return
    const { status } = ROUTER_ERRORS[code]
    const response = this.#response
    this.#over(code, status)
    // The dyno keeps working on a request that took too long.
    if (code !== 'H12') this.#upstream?.destroy()
    this.#request.unpipe()
    if (response.headersSent || response.destroyed || status === 499) {
      response.destroy()
      return
    }
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', connection: 'close' })
    response.end(ERROR_PAGE, () => this.#request.destroy())
  }

  #over(error: RouterErrorCode | undefined, status: number): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    const { options } = this.#context
    const { method = 'GET', url = '/', headers } = this.#request
    const hasDyno = this.#startedAtMs !== undefined
    options.onEnd({
      method,
      path: url,
      host: headers.host ?? '',
      requestId: this.#requestId,
      forwardedFor: forwardedForOf(this.#request),
      protocol: options.protocol,
      error,
      hasDyno,
      connectMs: this.#connectMs,
      serviceMs: this.#startedAtMs === undefined ? undefined : performance.now() - this.#startedAtMs,
      status,
      bytes: hasDyno ? this.#bytes : undefined,
    })
  }
}
