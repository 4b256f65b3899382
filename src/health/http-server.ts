/**
 * The server of health, metrics and pages: listens, holds clients to deadlines and bounds, and closes with
 * nothing left open. What it answers is http-app.ts's matter. It runs in the supervisor, so it knows neither
 * WhatsApp nor the database. Surprising: keep-alive is longer than the 90 s for which Heroku's router keeps a
 * connection, else the router's next request meets a socket that we are just closing (H13, H18).
 */

import { createServer } from 'node:http'
import type { Server } from 'node:http'
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
}

export interface HealthServer {
  /**
   * Resolves with the port; 0 asks for a free one. May be called for several ports.
   * @throws Error with Node's `code` (EADDRINUSE, EACCES) when the port cannot be had
   */
  listen(at: { readonly port: number; readonly host: string }): Promise<number>
  /** Takes no more connections, lets answers under way finish for 2 s, ends the rest. May be called twice. */
  close(): Promise<void>
}

export const HTTP_LIMITS = {
  keepAliveMs: 95_000,
  headersMs: 10_000,
  requestMs: 15_000,
  /** Neither side has sent a byte for so long in the middle of a request. */
  idleMs: 30_000,
  checkEveryMs: 2_000,
  maxHeaderBytes: 16_384,
  maxConnections: 200,
  closeGraceMs: 2_000,
} as const

export function createHealthServer(deps: HealthServerDeps): HealthServer {
  const app = createHealthApp(deps)
  const servers: Server[] = []
  let closing: Promise<void> | undefined
  return {
    listen: async (at) => {
      const server = boundedServer(app)
      const port = await listening(server, at)
      server.on('error', (error) =>
        deps.logger.error('http.server-failed', { reason: errorMessageOf(error) }),
      )
      servers.push(server)
      deps.logger.info('http.listening', { port })
      return port
    },
    close: () => {
      closing ??= Promise.all(servers.map((server) => closed(deps.clock, server))).then(() => undefined)
      return closing
    },
  }
}

function boundedServer(app: Parameters<typeof createServer>[1] & object): Server {
  const server = createServer(
    {
      keepAliveTimeout: HTTP_LIMITS.keepAliveMs,
      headersTimeout: HTTP_LIMITS.headersMs,
      requestTimeout: HTTP_LIMITS.requestMs,
      connectionsCheckingInterval: HTTP_LIMITS.checkEveryMs,
      maxHeaderSize: HTTP_LIMITS.maxHeaderBytes,
    },
    app,
  )
  server.timeout = HTTP_LIMITS.idleMs
  server.maxConnections = HTTP_LIMITS.maxConnections
  return server
}

function listening(server: Server, at: { readonly port: number; readonly host: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...at, backlog: HTTP_LIMITS.maxConnections }, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : at.port)
    })
  })
}

function closed(clock: Clock, server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer('http.close', HTTP_LIMITS.closeGraceMs, () => server.closeAllConnections())
    server.close(() => {
      timer.cancel()
      resolve()
    })
    server.closeIdleConnections()
  })
}
