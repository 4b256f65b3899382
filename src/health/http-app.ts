/**
 * The routes of the health server on express: what each address answers, and the headers they all carry.
 * Decides nothing about health. /health without the token tells only the least and does not look at the Host
 * header, because platforms probe by address; everything else is behind http-access.ts.
 */

import express from 'express'
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express'
import helmet from 'helmet'
import type { BotStatus } from '../bot-status.ts'
import { errorMessageOf } from '../errors.ts'
import { isAllowedHost } from './allowed-hosts.ts'
import { healthDetails } from './health-details.ts'
import { assessHealth, currentBot, healthReport } from './health-report.ts'
import { HttpAccess, plain, refuse } from './http-access.ts'
import type { HealthServerDeps } from './http-server.ts'
import { snapshotHandlers } from './http-snapshot.ts'
import type { Metrics } from './metrics.ts'
import { STYLE_SOURCE, loginPage, pairingPage } from './pages.ts'
import type { PairingView } from './pages.ts'
import { phoneSilentSeconds } from './phone-silence.ts'
import { assessReadiness } from './readiness.ts'

/** A token and a field name. */
const MAX_FORM_BYTES = 2_048

export function createHealthApp(deps: HealthServerDeps): Express {
  const { clock, logger, settings } = deps
  const { adminToken: token, allowedHosts } = settings
  const access = new HttpAccess({ clock, logger, token, allowedHosts })
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', false)
  app.set('case sensitive routing', true)
  // Heroku's router appends the client's address as the last entry; without a router nobody may claim one.
  app.set('trust proxy', settings.isOnDyno ? 1 : false)
  app.use(securityHeaders(), access.limiter())

  route(app, '/health', { get: healthHandler(deps, access) })
  route(app, '/ready', { get: [access.guard('program'), readyHandler(deps)] })
  route(app, '/metrics', { get: [access.guard('program'), metricsHandler(deps)] })
  route(app, '/', { get: (_request, response) => response.redirect(303, '/pairing') })
  route(app, '/pairing', { get: [access.guard('page'), pairingHandler(deps)] })
  route(app, '/login', {
    get: (request, response) => loginForm(access, request, response),
    post: [
      (request, response, next) => {
        if (access.isOpenFor(request, response, 'page')) next()
      },
      express.urlencoded({ extended: false, limit: MAX_FORM_BYTES, parameterLimit: 5 }),
      (request, response) => access.login(request, response),
    ],
  })
  route(app, '/logout', {
    post: [access.guard('page'), (request, response) => access.logout(request, response)],
  })
  const snapshots = snapshotHandlers(deps, access)
  route(app, '/heap-snapshot', {
    get: [access.guard('program'), snapshots.download],
    post: [access.guard('program'), snapshots.take],
  })
  app.use((_request, response) => plain(response, 404, 'There is no such page.'))
  app.use(errorHandler(deps))
  return app
}

/** One address, and 405 for whatever else is tried on it. */
function route(
  app: Express,
  path: string,
  handlers: {
    readonly get?: RequestHandler | RequestHandler[]
    readonly post?: RequestHandler | RequestHandler[]
  },
): void {
  const { get, post } = handlers
  if (get !== undefined) app.get(path, get)
  if (post !== undefined) app.post(path, post)
  const allowed = [...(get === undefined ? [] : ['GET', 'HEAD']), ...(post === undefined ? [] : ['POST'])]
  app.all(path, (_request, response) => {
    response.set('Allow', allowed.join(', '))
    plain(response, 405, `Only ${allowed.join(', ')} here.`)
  })
}

const keepNothing: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store')
  next()
}

function securityHeaders(): RequestHandler[] {
  const protect = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'style-src': [STYLE_SOURCE],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
        'base-uri': ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    // Of this name alone: what else lives below an owner's domain is not ours to decide.
    strictTransportSecurity: { includeSubDomains: false },
    xFrameOptions: { action: 'deny' },
  })
  return [protect, keepNothing]
}

/** 503 only when the bot process is not there: what a restart of everything might mend. */
function healthHandler(deps: HealthServerDeps, access: HttpAccess): RequestHandler {
  const { source, clock, settings } = deps
  return (request, response) => {
    const caller = access.caller(request)
    if (caller === 'wrong') return refuse(response, 401)
    if (caller === 'blocked') return refuse(response, 429)
    const { isMemoryOptimizationEnabled, allowedHosts } = settings
    const report = healthReport(source, { nowMs: clock.nowMs(), isMemoryOptimizationEnabled })
    response.status(report.status === 'down' ? 503 : 200)
    const isOwner = caller !== 'none' && isAllowedHost(request.headers.host, allowedHosts)
    response.json(isOwner ? { ...report, details: healthDetails(source) } : report)
  }
}

function readyHandler({ source }: HealthServerDeps): RequestHandler {
  return (_request, response) => {
    const readiness = assessReadiness(source)
    response.status(readiness.isReady ? 200 : 503).json(readiness)
  }
}

/** The library is loaded when first asked for: 8 MB that a dyno without Prometheus keeps. */
function metricsHandler({ source, clock }: HealthServerDeps): RequestHandler {
  let metrics: Promise<Metrics> | undefined
  return async (_request, response) => {
    metrics ??= import('./metrics.ts').then(({ createMetrics }) =>
      createMetrics({ source, nowMs: () => clock.nowMs() }),
    )
    const { contentType, render } = await metrics
    response.set('Content-Type', contentType).send(await render())
  }
}

function pairingHandler(deps: HealthServerDeps): RequestHandler {
  const { source, clock, settings, snapshots } = deps
  return async (_request, response) => {
    const { isMemoryOptimizationEnabled } = settings
    const bot = currentBot(source)
    const connection = bot?.status.connection
    const nextAttemptAtMs = connection?.nextAttemptAtMs
    const html = pairingPage({
      verdict: assessHealth(source),
      report: healthReport(source, { nowMs: clock.nowMs(), isMemoryOptimizationEnabled }),
      connection: connection?.state,
      cause: connection?.cause,
      remedy: bot?.status.sessionTrouble?.remedy,
      nextAttemptInSeconds:
        nextAttemptAtMs === undefined ? undefined : (nextAttemptAtMs - clock.nowMs()) / 1000,
      phone: phoneView(bot?.status, clock.nowMs()),
      qrSvg: await qrPicture(connection?.qr),
      pairingCode: connection?.state === 'pairing' ? bot?.pairingCode : undefined,
      snapshot: snapshots?.newest(),
      canSnapshot: snapshots !== undefined,
    })
    response.type('html').send(html)
  }
}

function phoneView(status: BotStatus | undefined, nowMs: number): PairingView['phone'] {
  const silentSeconds = phoneSilentSeconds(status, nowMs)
  if (silentSeconds === undefined) return undefined
  return { silentSeconds, isOverdue: status?.phone?.isOverdue === true }
}

/** The library is loaded when there is something to show: a linked bot never needs it. */
async function qrPicture(text: string | undefined): Promise<string | undefined> {
  if (text === undefined) return undefined
  const { toString: render } = await import('qrcode')
  // A QR holds some 3 kB; WhatsApp's text has 240 characters.
  return render(text, { type: 'svg', margin: 4 }).catch(() => '<p>The QR code cannot be drawn.</p>')
}

function loginForm(access: HttpAccess, request: Request, response: Response): void {
  if (!access.isOpenFor(request, response, 'page')) return
  if (access.caller(request) === 'cookie') response.redirect(303, '/pairing')
  else response.type('html').send(loginPage())
}

/** What a client did wrong is its own matter; anything else is ours, and logged. */
function errorHandler({ logger }: HealthServerDeps): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    const status: unknown =
      typeof error === 'object' && error !== null ? Reflect.get(error, 'status') : undefined
    const isClients = typeof status === 'number' && status >= 400 && status < 500
    if (!isClients) logger.error('http.failed', { reason: errorMessageOf(error) })
    if (response.headersSent) response.destroy()
    else plain(response, isClients ? status : 500, isClients ? 'This request cannot be read.' : 'Failed.')
  }
}
