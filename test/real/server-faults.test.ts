/** Real faults of a real server, seen by the bot's own pool: down hard, down in order, and back with its data. */

import { existsSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { runStatement } from '../../src/adapters/postgres-statement.ts'
import { FaultProxy } from '../../sim/postgres/fault-proxy/fault-proxy.ts'
import { inspectDocker } from '../../sim/postgres/container.ts'
import { startPostgres } from '../../sim/postgres/provider.ts'
import type { PostgresServer } from '../../sim/postgres/postgres-server.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

async function startServer(kind: 'embedded' | 'container'): Promise<PostgresServer> {
  const server = await startPostgres({ kind, say: () => undefined })
  onTestFinished(() => server.stop())
  return server
}

function statement(text: string) {
  return { name: text.slice(0, 40), isWrite: true, text }
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no error',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )
}

/** The bot's pool behind a proxy, which keeps the address when the server's port changes. */
async function startBehindProxy(server: PostgresServer) {
  const { url } = await server.createDatabase()
  const proxy = new FaultProxy({ upstreamUrl: url, port: 0, tls: 'refuse', seed: 'test' })
  await proxy.start()
  const logger = new RecordingLogger()
  const pool = createPool({
    databaseUrl: proxy.url,
    maxConnections: 2,
    ssl: 'auto',
    applicationName: 'x',
    logger,
  })
  onTestFinished(async () => {
    await pool.end()
    await proxy.stop()
  })
  await runStatement(pool, statement('CREATE TABLE kept AS SELECT 7 AS number'), [])
  return { pool, proxy, url, logger }
}

async function goesDownAndComesBack(kind: 'embedded' | 'container', how: 'kill' | 'stop'): Promise<void> {
  const server = await startServer(kind)
  const { pool, proxy, url, logger } = await startBehindProxy(server)
  const running = codeOf(runStatement(pool, statement('SELECT pg_sleep(60)::text'), []))
  await expect
    .poll(() =>
      runStatement(
        pool,
        statement(
          `SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)::text' AND state = 'active' AND pid <> pg_backend_pid()`,
        ),
        [],
      ),
    )
    .toHaveLength(1)
  await server.faults?.goDown(how)
  // In order, the server says that nothing was done; hard, nobody says anything.
  expect(await running).toBe(how === 'stop' ? 'store-unavailable' : 'store-outcome-unknown')
  await expect
    .poll(() => logger.lines)
    .toContainEqual(expect.objectContaining({ event: 'store.connection-lost' }))
  expect(await codeOf(runStatement(pool, statement('SELECT 1 AS one'), []))).toBe('store-unavailable')
  const back = new URL((await server.faults?.comeBack()) ?? '')
  const upstream = new URL(url)
  upstream.port = back.port
  await proxy.failOver({ upstreamUrl: upstream.href, address: 'kept' })
  expect(await runStatement(pool, statement('SELECT number FROM kept'), [])).toEqual([{ number: 7 }])
}

describe('an embedded server', () => {
  it.each(['kill', 'stop'] as const)('goes down by %s and comes back with its data', async (how) => {
    await expect(goesDownAndComesBack('embedded', how)).resolves.toBeUndefined()
  })

  it('can be stopped for good while it is down, and leaves nothing', async () => {
    const server = await startPostgres({ kind: 'embedded', say: () => undefined })
    const folder = new URL(server.url).searchParams.get('host') ?? ''
    expect(existsSync(folder)).toBe(true)
    await server.faults?.goDown('kill')
    await expect(server.faults?.goDown('kill')).resolves.toBeUndefined()
    await server.stop()
    expect(existsSync(folder)).toBe(false)
  })
})

describe('a server in a container', async () => {
  const isUsable = process.env['TEST_POSTGRES'] === 'container' || (await inspectDocker()).isUsable
  it.runIf(isUsable).each(['kill', 'stop'] as const)(
    'goes down by %s and comes back with its data',
    async (how) => {
      await expect(goesDownAndComesBack('container', how)).resolves.toBeUndefined()
    },
  )
})

it('somebody else’s server is not taken down', async () => {
  const mine = await startServer('embedded')
  const theirs = await startPostgres({ kind: 'url', url: mine.url, say: () => undefined })
  onTestFinished(() => theirs.stop())
  expect(theirs.faults).toBeUndefined()
})
