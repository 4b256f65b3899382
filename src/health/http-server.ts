/**
 * The server of health, metrics and pages: listens, holds clients to deadlines and bounds, and closes with
 * nothing left open. What it answers is http-app.ts's matter. It runs in the supervisor, so it knows neither
 * WhatsApp nor the database. Surprising: keep-alive is longer than the 90 s for which Heroku's router keeps a
 * connection, else the router's next request meets a socket that we are just closing (H13, H18).
 */

import { createServer } from './node-http.ts'
import type { RequestListener, Server } from 'node:http'
import { errorMessageOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import { createHealthApp } from './http-app.ts'
import type { HealthSource, SnapshotDoor } from './health-source.ts'

export interface HealthServerSettings {
  /** Undefined: everything but the minimal /health is off. */
  readonly adminToken: string | undefined
  /** By `allowedHosts` of allowed-hosts.ts. */
  readonly allowedHosts: readonly string[]
  /** Behind Heroku's router: its X-Forwarded-For and X-Forwarded-Proto are believed. */
  readonly isOnDyno: boolean
  readonly isMemoryOptimizationEnabled: boolean
}

export interface HealthServerDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly source: HealthSource
  /** Undefined where snapshots are not to be had. */
  readonly snapshots: SnapshotDoor | undefined
  readonly settings: HealthServerSettings
  /** In place of `HTTP_LIMITS`; for tests of slow clients. */
  readonly limits?: Partial<HttpLimits>
}

export interface HealthServer {
  /**
   * Resolves with the port; 0 asks for a free one. May be called for several ports.
   * @throws Error with Node's `code` (EADDRINUSE, EACCES) when the port cannot be had
   */
  listen(at: { readonly port: number; readonly host: string }): Promise<number>
  /** Connections that are open now, over all ports. */
  connections(): Promise<number>
  /** Takes no more connections, lets answers under way finish for 2 s, ends the rest. May be called twice. */
  close(): Promise<void>
}

export interface HttpLimits {
  /** An idle connection is kept so long. */
  readonly keepAliveMs: number
  /** Until the whole head of a request is there; counts for a connection that never sends one, too. */
  readonly headersMs: number
  /** Until the whole request is there. */
  readonly requestMs: number
  /** Ends a connection on which no byte has moved for so long in the middle of an exchange. */
  readonly idleMs: number
  /** How often these two are looked at. */
  readonly checkEveryMs: number
  readonly maxHeaderBytes: number
  readonly maxConnections: number
  readonly closeGraceMs: number
}

export const HTTP_LIMITS: HttpLimits = {
  keepAliveMs: 95_000,
  headersMs: 10_000,
  requestMs: 15_000,
  idleMs: 30_000,
  checkEveryMs: 2_000,
  maxHeaderBytes: 16_384,
  maxConnections: 200,
  closeGraceMs: 2_000,
}

export function createHealthServer(deps: HealthServerDeps): HealthServer {
  const app = createHealthApp(deps)
  const limits = { ...HTTP_LIMITS, ...deps.limits }
  const servers: Server[] = []
  let closing: Promise<void> | undefined
  return {
    listen: async (at) => {
      const server = boundedServer(app, limits)
      const port = await listening(server, at)
      server.on('error', (error) =>
        deps.logger.error('http.server-failed', { reason: errorMessageOf(error) }),
      )
      servers.push(server)
      deps.logger.info('http.listening', { port })
      return port
    },
    connections: async () => {
      const counts = await Promise.all(servers.map(connectionsOf))
      return counts.reduce((total, count) => total + count, 0)
    },
    close: () => {
      closing ??= Promise.all(servers.map((server) => closed(deps.clock, server, limits.closeGraceMs))).then(
        () => undefined,
      )
      return closing
    },
  }
}

function boundedServer(app: RequestListener, limits: HttpLimits): Server {
  const server = createServer(
    {
      keepAliveTimeout: limits.keepAliveMs,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      maxHeaderSize: limits.maxHeaderBytes,
    },
    app,
  )
  server.timeout = limits.idleMs
  server.maxConnections = limits.maxConnections
  return server
}

function listening(server: Server, at: { readonly port: number; readonly host: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : at.port)
    })
  })
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })
}

function closed(clock: Clock, server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer('http.close', graceMs, () => server.closeAllConnections())
    server.close(() => {
      timer.cancel()
      resolve()
    })
    server.closeIdleConnections()
  })
}
