/**
 * The doors of the health server: which requests get through to the pages behind the token, and what the
 * others are told. Owns the counts of failed logins. What is a good token, cookie or host is decided in
 * admin-access.ts and allowed-hosts.ts.
 */

import { ipKeyGenerator, rateLimit } from 'express-rate-limit'
import type { Request, RequestHandler, Response } from 'express'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import {
  SESSION_COOKIE,
  SESSION_MS,
  bearerToken,
  cookieValue,
  isSession,
  isToken,
  sessionValue,
} from './admin-access.ts'
import { isAllowedHost } from './allowed-hosts.ts'
import { loginPage, noTokenPage } from './pages.ts'
import { RateLimitStore } from './rate-limit-store.ts'

const MINUTE_MS = 60_000
/** A page that refreshes each 5 s makes 12 requests a minute, a monitor up to 60. */
const REQUESTS_PER_MINUTE = 120
const FAILURES_PER_WINDOW = 10
const FAILURE_WINDOW_MS = 15 * MINUTE_MS
/** Of each count; some hundred bytes each. */
const MAX_CLIENTS = 5_000

export interface AccessDeps {
  readonly clock: Clock
  readonly logger: Logger
  /** Undefined: nothing behind the doors is to be had. */
  readonly token: string | undefined
  readonly allowedHosts: readonly string[]
}

/** `bearer` for programs, `cookie` for a browser. */
export type Credential = 'bearer' | 'cookie'

/** Who asked: `none` gave nothing or an outdated cookie, `wrong` a wrong token, `blocked` failed too often. */
export type Caller = Credential | 'none' | 'wrong' | 'blocked'

export class HttpAccess {
  readonly #deps: AccessDeps
  readonly #failures: RateLimitStore

  constructor(deps: AccessDeps) {
    this.#deps = deps
    this.#failures = new RateLimitStore({
      clock: deps.clock,
      windowMs: FAILURE_WINDOW_MS,
      maxClients: MAX_CLIENTS,
    })
  }

  /** Every request counts, whatever it asks for. */
  limiter(): RequestHandler {
    const store = new RateLimitStore({
      clock: this.#deps.clock,
      windowMs: MINUTE_MS,
      maxClients: MAX_CLIENTS,
    })
    return rateLimit({
      windowMs: MINUTE_MS,
      limit: REQUESTS_PER_MINUTE,
      store,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      keyGenerator: clientOf,
      // Its warnings go to the console, at any stranger's wish: where no router is, the header is disbelieved.
      validate: false,
      message: 'Too many requests: try again in a minute.\n',
    })
  }

  caller(request: Request): Caller {
    const { token, clock } = this.#deps
    if (token === undefined) return 'none'
    const given = bearerToken(request.headers.authorization)
    if (given !== undefined) return this.#check(request, given, token)
    const cookie = cookieValue(request.headers.cookie, SESSION_COOKIE)
    return cookie !== undefined && isSession(cookie, token, clock.nowMs()) ? 'cookie' : 'none'
  }

  /** Lets callers with the token pass; a page sends the others to the login, everything else says 401. */
  guard(kind: 'page' | 'program'): RequestHandler {
    return (request, response, next) => {
      if (!this.isOpenFor(request, response, kind)) return
      const caller = this.caller(request)
      switch (caller) {
        case 'bearer':
          return next()
        case 'cookie':
          if (isOwnForm(request)) return next()
          return plain(response, 403, 'This form was sent from another site.')
        case 'none':
          if (kind === 'page') return response.redirect(303, '/login')
          return refuse(response, 401)
        case 'wrong':
          return refuse(response, 401)
        case 'blocked':
          return refuse(response, 429)
        default:
          return caller satisfies never
      }
    }
  }

  /** False, and answered, when the pages are off or the request came by a wrong name. */
  isOpenFor(request: Request, response: Response, kind: 'page' | 'program'): boolean {
    if (this.#deps.token === undefined) {
      if (kind === 'page') response.status(503).type('html').send(noTokenPage())
      else plain(response, 503, 'Off: set ADMIN_TOKEN to 16 or more random characters and restart.')
      return false
    }
    if (isAllowedHost(request.headers.host, this.#deps.allowedHosts)) return true
    plain(response, 421, 'Not reachable by this host name: add it to ALLOWED_HOSTS.')
    return false
  }

  /** The login form was sent. */
  login(request: Request, response: Response): void {
    if (!isOwnForm(request)) return plain(response, 403, 'This form was sent from another site.')
    const { token, clock, logger } = this.#deps
    const body: unknown = request.body
    const given: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'token') : undefined
    if (token === undefined || typeof given !== 'string') return this.#loginFailed(response, 400)
    const caller = this.#check(request, given.trim(), token)
    if (caller === 'blocked') return this.#loginFailed(response, 429)
    if (caller === 'wrong') return this.#loginFailed(response, 401)
    logger.info('http.login')
    setCookie(request, response, sessionValue(token, clock.nowMs()), SESSION_MS)
    response.redirect(303, '/pairing')
  }

  logout(request: Request, response: Response): void {
    setCookie(request, response, '', 0)
    response.redirect(303, '/login')
  }

  #loginFailed(response: Response, status: 400 | 401 | 429): void {
    const text = status === 429 ? 'Too many wrong tokens: try again in 15 minutes.' : 'That is not the token.'
    response.status(status).type('html').send(loginPage(text))
  }

  #check(request: Request, given: string, token: string): 'bearer' | 'wrong' | 'blocked' {
    const client = clientOf(request)
    if ((this.#failures.get(client)?.totalHits ?? 0) >= FAILURES_PER_WINDOW) return 'blocked'
    if (isToken(given, token)) return 'bearer'
    const { totalHits } = this.#failures.increment(client)
    this.#deps.logger.warn('http.wrong-token', { failures: totalHits })
    return 'wrong'
  }
}

export function plain(response: Response, status: number, text: string): void {
  response.status(status).type('text').send(`${text}\n`)
}

export function refuse(response: Response, status: 401 | 429): void {
  if (status === 429) return plain(response, 429, 'Too many wrong tokens: try again in 15 minutes.')
  response.set('WWW-Authenticate', 'Bearer realm="bot"')
  plain(response, 401, 'Send the token: Authorization: Bearer …')
}

/** The address that express found by its `trust proxy`; a whole subnet for IPv6, where one owner has many. */
function clientOf(request: Request): string {
  return ipKeyGenerator(request.ip ?? request.socket.remoteAddress ?? 'unknown')
}

/** A form of our own pages, or no browser's form at all. SameSite=Strict says the same to new browsers. */
function isOwnForm(request: Request): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true
  const site = request.get('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = request.get('origin')
  return origin === undefined || origin.replace(/^https?:\/\//, '') === request.headers.host
}

function setCookie(request: Request, response: Response, value: string, maxAgeMs: number): void {
  response.cookie(SESSION_COOKIE, value, {
    httpOnly: true,
    sameSite: 'strict',
    secure: request.secure,
    path: '/',
    maxAge: maxAgeMs,
  })
}
