/** Each fault of the proxy as a client sees it: node-postgres, our own statements, our stores with retry. */

import { spawn, spawnSync } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { Client } from 'pg'
import type { Pool } from 'pg'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { PostgresSessionStore } from '../../src/adapters/postgres-session-store.ts'
import { runStatement } from '../../src/adapters/postgres-statement.ts'
import type { Statement } from '../../src/adapters/postgres-statement.ts'
import { SystemClock } from '../../src/adapters/system-clock.ts'
import { SystemRandom } from '../../src/adapters/system-random.ts'
import { retryingSessionStore } from '../../src/session/store-retry.ts'
import { FaultProxy } from '../../sim/postgres/fault-proxy/fault-proxy.ts'
import type { WriteMoment } from '../../sim/postgres/fault-proxy/proxy-fault.ts'
import { labellingCipher } from '../contract/store-fixture.ts'
import { rowsOf, testDatabase } from '../support/database.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

let databaseUrl = ''

beforeAll(async () => {
  databaseUrl = await testDatabase()
  await directly('CREATE TABLE note (text TEXT PRIMARY KEY, body TEXT)')
})

const WRITE: Statement = {
  name: 'write',
  isWrite: true,
  text: 'INSERT INTO note (text, body) VALUES ($1, $2)',
}
const READ: Statement = { name: 'read', isWrite: false, text: 'SELECT text FROM note WHERE text = $1' }
const SLOW: Statement = { name: 'slow', isWrite: false, text: 'SELECT pg_sleep(0.4)::text' }

async function startProxy(tls: 'refuse' | 'pass' = 'refuse', upstreamUrl = databaseUrl): Promise<FaultProxy> {
  const proxy = new FaultProxy({ upstreamUrl, port: 0, tls, seed: 'test' })
  await proxy.start()
  onTestFinished(async () => {
    await proxy.stop()
    await proxy.stop()
    expect(proxy.connections).toBe(0)
  })
  return proxy
}

/** The bot's own pool through the proxy; nothing of it is left on the server afterwards. */
function startPool(proxy: FaultProxy, logger = new RecordingLogger()): Pool {
  const applicationName = `fault-proxy-${Math.random().toString(36).slice(2, 10)}`
  const pool = createPool({ databaseUrl: proxy.url, maxConnections: 2, ssl: 'auto', applicationName, logger })
  onTestFinished(async () => {
    await proxy.liftAll()
    await pool.end()
    const sql = `SELECT count(*)::int AS left_over FROM pg_stat_activity WHERE application_name = '${applicationName}'`
    await expect.poll(async () => (await directly(sql))[0]).toEqual({ left_over: 0 })
  })
  return pool
}

/** Straight to the server. */
function directly(sql: string): Promise<Record<string, unknown>[]> {
  return rowsOf(databaseUrl, sql)
}

async function isNoted(text: string): Promise<boolean> {
  return (await directly(`SELECT 1 FROM note WHERE text = '${text}'`)).length > 0
}

/** The code that our statements end with. */
async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no error',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )
}

/** A plain client through the proxy; its late errors are collected. */
async function startClient(proxy: FaultProxy): Promise<Client & { readonly errors: unknown[] }> {
  const client = Object.assign(new Client({ connectionString: proxy.url }), { errors: [] as unknown[] })
  client.on('error', (error) => client.errors.push('code' in error ? error.code : error.message))
  await client.connect()
  onTestFinished(() => void client.end().catch(() => undefined))
  return client
}

describe('without faults', () => {
  it('everything passes: simple and prepared statements, large rows, errors, COPY, cancelling', async () => {
    const proxy = await startProxy()
    const client = await startClient(proxy)
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    const large = 'x'.repeat(3_000_000)
    const echo = await client.query<{ text: string }>({
      name: 'echo',
      text: 'SELECT $1::text AS text',
      values: [large],
    })
    expect(echo.rows[0]?.text).toBe(large)
    await expect(client.query('SELECT nonsense')).rejects.toMatchObject({ code: '42703' })
    expect((await client.query(`COPY (SELECT 1) TO STDOUT`)).command).toBe('COPY')
    await expect(client.query(`SET statement_timeout = 50; SELECT pg_sleep(5)`)).rejects.toMatchObject({
      code: '57014',
    })
    expect(proxy.connections).toBe(1)
  })

  it('what is no Postgres is cut off', async () => {
    const proxy = await startProxy()
    const socket = connect(proxy.port, '127.0.0.1')
    const code = new Promise((resolve) =>
      socket.once('error', (error) => resolve('code' in error && error.code)),
    )
    socket.write('GET / HTTP/1.1\r\n\r\n')
    expect(await code).toBe('ECONNRESET')
  })

  it('a wish for TLS is refused, so a client that insists is told', async () => {
    const proxy = await startProxy()
    const pool = createPool({
      databaseUrl: proxy.url,
      maxConnections: 1,
      ssl: 'require',
      applicationName: 'x',
      logger: new RecordingLogger(),
    })
    expect(await codeOf(runStatement(pool, READ, ['a']))).toBe('store-denied')
    await pool.end()
  })

  it('TLS is passed through where that is wished: bytes go unread both ways', async () => {
    // Agrees to TLS, then echoes what it cannot understand.
    const upstream = createServer((socket) => {
      socket.once('data', () => {
        socket.write('S')
        socket.pipe(socket)
      })
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void upstream.close())
    const address = upstream.address()
    const port = typeof address === 'object' ? address?.port : 0
    const proxy = await startProxy('pass', `postgres://u:p@127.0.0.1:${port}/x`)
    const socket = connect(proxy.port, '127.0.0.1')
    let heard = ''
    socket.setEncoding('latin1').on('data', (text: string) => (heard += text))
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))
    await expect.poll(() => heard).toBe('S')
    socket.write('\u0016\u0003\u0001 anything')
    await expect.poll(() => heard).toBe('S\u0016\u0003\u0001 anything')
    socket.destroy()
  })
})

describe('the line', () => {
  it('latency: each way takes longer', async () => {
    const proxy = await startProxy()
    const client = await startClient(proxy)
    const fault = await proxy.inject({ kind: 'latency', delayMs: 60, jitterMs: 40 })
    const startMs = performance.now()
    expect((await client.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
    expect((await client.query('SELECT 2 AS n')).rows).toEqual([{ n: 2 }])
    // Never sooner; how much later is the machine's matter.
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(2 * 120 - 5)
    expect(fault.strikes).toBeGreaterThanOrEqual(4)
  })

  it('bandwidth: many bytes take their time', async () => {
    const proxy = await startProxy()
    const client = await startClient(proxy)
    const fault = await proxy.inject({ kind: 'bandwidth', bytesPerSecond: 200_000 })
    const startMs = performance.now()
    const { rows } = await client.query<{ text: string }>(`SELECT repeat('x', 100000) AS text`)
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(480)
    expect(rows[0]?.text).toHaveLength(100_000)
    expect(fault.strikes).toBeGreaterThan(0)
  })

  it('a black hole: nothing passes, connections stay, and what was held back passes afterwards', async () => {
    const proxy = await startProxy()
    const client = await startClient(proxy)
    const fault = await proxy.inject({ kind: 'black-hole' })
    let isAnswered = false
    const answer = client.query('SELECT 1 AS one').then(({ rows }) => {
      isAnswered = true
      return rows
    })
    const late = new Client({ connectionString: proxy.url, connectionTimeoutMillis: 200 })
    await expect(late.connect()).rejects.toThrow(/timeout/)
    expect(isAnswered).toBe(false)
    expect(fault.strikes).toBeGreaterThanOrEqual(2)
    await fault.lift()
    expect(await answer).toEqual([{ one: 1 }])
  })

  it('half-open: the old connection is dead and does not know it, new ones live', async () => {
    const proxy = await startProxy()
    const client = await startClient(proxy)
    const fault = await proxy.inject({ kind: 'half-open' })
    const lost = codeOf(client.query('SELECT 1'))
    const other = await startClient(proxy)
    expect((await other.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    expect(fault.strikes).toBe(1)
    await fault.lift()
    // The peer that is back knows nothing of it.
    client.connection.stream.write('\0')
    expect(await lost).toBe('ECONNRESET')
  })

  it('refuse: the port is closed, and open again at the same place', async () => {
    const proxy = await startProxy()
    const present = await startClient(proxy)
    const pool = startPool(proxy)
    const fault = await proxy.inject({ kind: 'refuse' })
    await expect(new Client({ connectionString: proxy.url }).connect()).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
    expect(await codeOf(runStatement(pool, READ, ['a']))).toBe('store-unavailable')
    expect((await present.query('SELECT 1 AS one')).rows).toHaveLength(1)
    expect(fault.strikes).toBeUndefined()
    await fault.lift()
    expect(await runStatement(pool, READ, ['a'])).toEqual([])
  })
})

describe('a reset', () => {
  it('under a running statement leaves its outcome open; an idle connection is replaced', async () => {
    const proxy = await startProxy()
    const logger = new RecordingLogger()
    const pool = startPool(proxy, logger)
    await runStatement(pool, READ, ['a'])
    const idle = await proxy.inject({ kind: 'reset' })
    expect(idle.strikes).toBe(1)
    await expect.poll(() => logger.lines).toMatchObject([{ event: 'store.connection-lost' }])
    const running = codeOf(runStatement(pool, SLOW, []))
    await expect
      .poll(() =>
        directly(
          `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.4)::text' AND state = 'active'`,
        ),
      )
      .toHaveLength(1)
    await proxy.inject({ kind: 'reset' })
    expect(await running).toBe('store-outcome-unknown')
    expect(await runStatement(pool, READ, ['a'])).toEqual([])
  })

  it.each<[WriteMoment, boolean]>([
    ['unsent', false],
    ['unanswered', true],
    ['answered', true],
  ])('at a write, %s: the client cannot know; committed: %s', async (moment, isCommitted) => {
    const proxy = await startProxy()
    const pool = startPool(proxy)
    const text = `reset ${moment}`
    const fault = await proxy.inject({ kind: 'reset-at-write', moment, times: 1 })
    // A read is no write, nor is a lock.
    await runStatement(pool, READ, [text])
    await runStatement(pool, { name: 'lock', isWrite: false, text: 'SELECT text FROM note FOR UPDATE' }, [])
    expect(fault.strikes).toBe(0)
    // Large, so that it is still on its way to the server when the client is cut off.
    const body = 'x'.repeat(30_000_000)
    expect(await codeOf(runStatement(pool, WRITE, [text, body]))).toBe('store-outcome-unknown')
    await expect.poll(() => isNoted(text)).toBe(isCommitted)
    // Only so many times.
    await runStatement(pool, WRITE, [`${text} again`, ''])
    expect(fault.strikes).toBe(1)
  })

  it('at the COMMIT of a transaction waits for it', async () => {
    const proxy = await startProxy()
    const client = await startClient(proxy)
    const fault = await proxy.inject({ kind: 'reset-at-write', moment: 'answered', times: 1 })
    await client.query('BEGIN')
    await client.query(`INSERT INTO note VALUES ('in a transaction')`)
    expect(fault.strikes).toBe(0)
    expect(await codeOf(client.query('COMMIT'))).toBe('ECONNRESET')
    expect(await isNoted('in a transaction')).toBe(true)
  })
})

describe('a FATAL', () => {
  it.each([
    ['53300', 'store-busy'],
    ['57P03', 'store-unavailable'],
  ] as const)('%s greets new connections: %s', async (sqlState, code) => {
    const proxy = await startProxy()
    const present = await startClient(proxy)
    const pool = startPool(proxy)
    const fault = await proxy.inject({ kind: 'fatal', sqlState })
    expect(await codeOf(runStatement(pool, READ, ['a']))).toBe(code)
    await expect(new Client({ connectionString: proxy.url }).connect()).rejects.toMatchObject({
      code: sqlState,
    })
    expect((await present.query('SELECT 1')).rowCount).toBe(1)
    expect(fault.strikes).toBe(2)
    await fault.lift()
    expect(await runStatement(pool, READ, ['a'])).toEqual([])
  })

  it('57P01 ends an idle connection at once, and a busy one after its answer', async () => {
    const proxy = await startProxy()
    const [idle, busy] = [await startClient(proxy), await startClient(proxy)]
    const answer = busy.query(SLOW.text)
    await expect
      .poll(() =>
        directly(`SELECT 1 FROM pg_stat_activity WHERE query = '${SLOW.text}' AND state = 'active'`),
      )
      .toHaveLength(1)
    const fault = await proxy.inject({ kind: 'fatal', sqlState: '57P01' })
    expect(fault.strikes).toBe(2)
    await expect.poll(() => idle.errors).toContain('57P01')
    expect((await answer).rowCount).toBe(1)
    await expect.poll(() => busy.errors).toContain('57P01')
    expect((await (await startClient(proxy)).query('SELECT 1')).rowCount).toBe(1)
  })

  it('of a connection cap meets the one too many, until another ends', async () => {
    const proxy = await startProxy()
    const fault = await proxy.inject({ kind: 'connection-cap', maxConnections: 1 })
    const first = await startClient(proxy)
    const pool = startPool(proxy)
    expect(await codeOf(runStatement(pool, READ, ['a']))).toBe('store-busy')
    expect(fault.strikes).toBe(1)
    await first.end()
    await expect.poll(() => codeOf(runStatement(pool, READ, ['a']))).toBe('no error')
  })
})

describe('read-only', () => {
  it('refuses writes by the server’s own 25006 and lets reads pass, until it is lifted', async () => {
    const proxy = await startProxy()
    const pool = startPool(proxy)
    await runStatement(pool, WRITE, ['before', ''])
    const fault = await proxy.inject({ kind: 'read-only' })
    expect(await codeOf(runStatement(pool, WRITE, ['meanwhile', '']))).toBe('store-read-only')
    expect(await runStatement(pool, READ, ['before'])).toEqual([{ text: 'before' }])
    expect(fault.strikes).toBe(1)
    const client = await startClient(proxy)
    await client.query('BEGIN')
    await expect(client.query(`INSERT INTO note VALUES ('in vain')`)).rejects.toMatchObject({ code: '25006' })
    await client.query('ROLLBACK')
    expect(fault.strikes).toBe(2)
    await fault.lift()
    await runStatement(pool, WRITE, ['afterwards', ''])
    await client.query(`INSERT INTO note VALUES ('on the same connection')`)
    expect(await isNoted('meanwhile')).toBe(false)
  })
})

describe('a failover', () => {
  it('to another server at the same address: connections are cut, and find the new one', async () => {
    // A second proxy stands for the other server: one that keeps the first one's data, as a standby does.
    const other = await startProxy()
    const proxy = await startProxy()
    const pool = startPool(proxy)
    await runStatement(pool, READ, ['a'])
    expect(other.connections).toBe(0)
    expect(await proxy.failOver({ upstreamUrl: other.url, address: 'kept' })).toBe(1)
    await expect.poll(() => codeOf(runStatement(pool, READ, ['a']))).toBe('no error')
    expect(other.connections).toBe(1)
  })

  it('with a changed URL: the old address is closed', async () => {
    const proxy = await startProxy()
    const oldUrl = proxy.url
    await proxy.failOver({ upstreamUrl: databaseUrl, address: 'changed' })
    expect(proxy.url).not.toBe(oldUrl)
    await expect(new Client({ connectionString: oldUrl }).connect()).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
    expect((await (await startClient(proxy)).query('SELECT 1')).rowCount).toBe(1)
  })
})

describe('our session store with its retries', () => {
  it('commits once and whole through a reset at the commit and an outage', async () => {
    const proxy = await startProxy()
    const pool = startPool(proxy)
    const sessionId = 'through-faults'
    const plain = new PostgresSessionStore({ pool, sessionId, cipher: labellingCipher })
    const store = retryingSessionStore({
      store: plain,
      clock: new SystemClock(),
      random: new SystemRandom().stream('store-retry'),
      logger: new RecordingLogger(),
      maxWaitMs: 20_000,
      signal: undefined,
    })
    expect(await plain.takeLease({ owner: 'me', expected: undefined })).toMatchObject({ epoch: 1 })
    const cut = await proxy.inject({ kind: 'reset-at-write', moment: 'answered', times: 2 })
    const full = await proxy.inject({ kind: 'connection-cap', maxConnections: 0 })
    const commit = store.commit({ epoch: 1, sequence: 1, nowMs: 1_000, creds: 'creds' })
    await expect.poll(() => (full.strikes ?? 0) + (cut.strikes ?? 0)).toBeGreaterThan(0)
    await full.lift()
    expect(await commit).toBe('written')
    expect(cut.strikes).toBe(2)
    expect(await store.readCreds()).toBe('creds')
  })
})

describe('the command line', () => {
  const main = join(import.meta.dirname, '../../sim/postgres/fault-proxy/main.ts')

  it('stands before a server, takes faults from stdin, and ends on request', async () => {
    const proxy = spawn(process.execPath, [main, '--to', databaseUrl, '--fault', 'latency 1'])
    onTestFinished(() => void proxy.kill('SIGKILL'))
    let told = ''
    proxy.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
    const exitCode = new Promise((resolve) => proxy.once('close', resolve))
    await expect.poll(() => told).toMatch(/proxy on 127\.0\.0\.1:\d+\n/)
    const url = new URL(databaseUrl)
    url.port = /:(\d+)\n/.exec(told)?.[1] ?? ''
    url.searchParams.delete('host')
    const client = new Client({ connectionString: url.href })
    client.on('error', () => undefined)
    await client.connect()
    proxy.stdin.write('read-only\n')
    await expect.poll(() => told).toContain('injected: read-only')
    await expect(client.query('CREATE TABLE x ()')).rejects.toMatchObject({ code: '25006' })
    proxy.stdin.write('status\nlift\nnonsense\n')
    await expect
      .poll(() => told)
      .toMatch(/1 connections\nlatency: struck \d+ times\nread-only: struck 1 times\n[\s\S]*lifted\nunknown/)
    proxy.stdin.write('quit\n')
    expect(await exitCode).toBe(0)
    expect(told).not.toContain(url.password)
  })

  it.each<[string[], RegExp]>([
    [[], /required option '--to <url>'/],
    [['--to', 'http://x'], /postgres:\/\/user:password@host/],
    [['--to', 'postgres://u:secret@h/d', '--port', 'x'], /0 to 65535/],
    [['--to', 'postgres://u:secret@h/d', '--fault', 'boom'], /unknown fault: boom/],
  ])('%j: exit code 2', (words, text) => {
    const { status, stderr } = spawnSync(process.execPath, [main, ...words], { encoding: 'utf8' })
    expect(status).toBe(2)
    expect(stderr).toMatch(text)
    expect(stderr).not.toContain('secret')
  })
})
