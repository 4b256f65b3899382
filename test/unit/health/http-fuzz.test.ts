/**
 * Bytes that no proper client would send: whatever they are, the health server answers with something other than
 * 500 or closes, never hangs (the test would), and has nothing open afterwards. The source is well and the token
 * is set, so no answer of 500 or above is due. Each request comes from another address: else the rate limit
 * would answer in the application's place.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SnapshotDoor } from '../../../src/health/health-source.ts'
import { TOKEN, botView, connection, runServer, sourceOf } from './health-bench.ts'
import type { RunningServer } from './health-bench.ts'
import { answerOn, exchange, open } from './raw-http.ts'

const LIMITS = { headersMs: 300, requestMs: 600, idleMs: 400, checkEveryMs: 50, closeGraceMs: 100 }
const PATHS = ['/', '/health', '/ready', '/metrics', '/pairing', '/login', '/logout', '/heap-snapshot']
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND']
/** Far beyond LIMITS, for a busy machine. */
const PATIENCE = { timeout: 20_000 }
const SNAPSHOT_BYTES = 40 * 1_048_576

let folder: string
let server: RunningServer
let addresses = 0

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'blacksky-fuzz-'))
  const path = join(folder, 'big.heapsnapshot')
  writeFileSync(path, Buffer.alloc(SNAPSHOT_BYTES, 'x'))
  const snapshots: SnapshotDoor = {
    take: () => Promise.resolve({ status: 'taken', bytes: SNAPSHOT_BYTES, durationMs: 1 }),
    newest: () => ({ path, bytes: SNAPSHOT_BYTES, takenAtMs: 0 }),
  }
  const showing = sourceOf({ bot: botView(connection({ qr: 'text' })) })
  server = await runServer({ source: showing, snapshots, isOnDyno: true, limits: LIMITS })
})

afterAll(async () => {
  await server.server.close()
  rmSync(folder, { recursive: true })
})

/** The header that the router would append, with an address of its own. */
function routed(): string {
  addresses += 1
  const [high, low] = [Math.floor(addresses / 250), addresses % 250]
  return `X-Forwarded-For: 10.${Math.floor(high / 250)}.${high % 250}.${low}`
}

/** Statuses of all answers in the text; a closed connection without an answer has none. */
function statuses(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))
}

/** What must not be: answers of 500 and above, and errors in the log. */
function troubles(text: string): unknown[] {
  const failed = statuses(text).filter((status) => status >= 500)
  return [...failed, ...server.logger.lines.filter(({ level }) => level === 'error')]
}

const path = fc.oneof(
  fc.constantFrom(...PATHS),
  fc.tuple(fc.constantFrom(...PATHS), fc.webQueryParameters()).map(([base, query]) => `${base}?${query}`),
  fc.tuple(fc.constantFrom(...PATHS), fc.string({ unit: 'binary-ascii' })).map(([base, tail]) => base + tail),
  fc.webPath(),
  fc.constantFrom(
    '*',
    '//',
    '/%',
    '/%00',
    '/../../etc/passwd',
    '/health/..',
    'http://evil.example/health',
    '/%ff',
  ),
)
const headerName = fc.oneof(
  fc.constantFrom('Authorization', 'Cookie', 'Host', 'Origin', 'Content-Type', 'Content-Length', 'Range'),
  fc.constantFrom(
    'Transfer-Encoding',
    'Expect',
    'Upgrade',
    'Connection',
    'X-Forwarded-Proto',
    'Accept',
    'If-None-Match',
  ),
  fc.stringMatching(/^[A-Za-z-]{1,20}$/),
)
const headerValue = fc.oneof(
  fc.string({ unit: 'binary-ascii' }),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.constantFrom(
    `Bearer ${TOKEN}`,
    'blacksky_session=1.2',
    'chunked',
    '100-continue',
    'websocket',
    'gzip',
    '-1',
  ),
  fc.constantFrom(
    'localhost',
    'application/x-www-form-urlencoded; charset=utf-99',
    'multipart/form-data',
    '999999',
  ),
  fc.integer({ min: 0, max: 40_000 }).map((length) => 'x'.repeat(length)),
)
const body = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.string({ unit: 'binary-ascii', maxLength: 300 }).map((text) => `token=${text}`),
  fc.integer({ min: 0, max: 200_000 }).map((length) => `token=${'y'.repeat(length)}`),
  fc.constantFrom('%', 'token=%', '&'.repeat(2_000), 'token[a][b]=1&__proto__[x]=1'),
)

describe('any request', () => {
  it('that is made of whatever gets an answer below 500, or a closed connection', async () => {
    const request = fc.record({
      method: fc.oneof(fc.constantFrom(...METHODS), fc.string({ maxLength: 12 })),
      path,
      headers: fc.array(fc.tuple(headerName, headerValue), { maxLength: 6 }),
      body,
      hasToken: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(request, async (drawn) => {
        const lines = [
          `${drawn.method} ${drawn.path} HTTP/1.1`,
          'Host: localhost',
          routed(),
          ...(drawn.hasToken ? [`Authorization: Bearer ${TOKEN}`] : []),
          ...drawn.headers.map(([name, value]) => `${name}: ${value}`),
          `Content-Length: ${Buffer.byteLength(drawn.body, 'latin1')}`,
          'Connection: close',
        ]
        const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${drawn.body}`, 'latin1')
        expect(troubles(await exchange(server.port, bytes))).toEqual([])
      }),
      { numRuns: 400 },
    )
  })

  it('that is well formed gets an answer, below 500 and never empty', async () => {
    const request = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'),
      path: fc.oneof(
        fc.constantFrom(...PATHS),
        fc.webPath().map((each) => (each === '' ? '/' : each)),
      ),
      cookie: fc.string({ unit: fc.constantFrom('a', 'b', '=', ';', '.', ' ', '1') }),
      body: fc.string({ unit: 'binary-ascii', maxLength: 100 }),
    })
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path: target, cookie, body: text }) => {
        const lines = [`${method} ${target} HTTP/1.1`, 'Host: localhost', routed(), `Cookie: ${cookie}`]
        const type = 'Content-Type: application/x-www-form-urlencoded'
        const head = [...lines, type, `Content-Length: ${text.length}`, 'Connection: close', '', text]
        const answer = await exchange(server.port, head.join('\r\n'))
        expect(troubles(answer)).toEqual([])
        expect(statuses(answer).length).toBeGreaterThanOrEqual(1)
      }),
      { numRuns: 200 },
    )
  })

  it('of plain noise is turned away', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), async (noise) => {
        expect(
          troubles(await exchange(server.port, Buffer.concat([noise, Buffer.from('\r\n\r\n')]))),
        ).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  it.each([
    ['a head of 20 kB', `GET /health HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a form of 1 MB', form('POST /login', 'x'.repeat(1_048_576)), 413],
    ['more fields than a login has', form('POST /login', 'a=1&'.repeat(20)), 413],
    ['a form in a charset that is none', form('POST /login', 'token=a', '; charset=utf-99'), 415],
    [
      'two lengths',
      'POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      400,
    ],
    ['no Host', 'GET /health HTTP/1.1\r\n\r\n', 400],
    [
      'an expectation that is none',
      'GET /health HTTP/1.1\r\nHost: a\r\nExpect: cake\r\nConnection: close\r\n\r\n',
      417,
    ],
  ])('with %s is refused as what it is', async (_what, request, status) => {
    const socket = open(server.port)
    expect(statuses(await answerOn(socket, request))).toEqual([status])
  })
})

describe('slow and half-open clients', () => {
  it('that send nothing, or a head or a form byte by byte, are timed out', async () => {
    const slowly = async (text: string): Promise<number[]> => {
      const socket = open(server.port)
      let sent = 0
      const dripping = setInterval(() => socket.write(text[sent++ % text.length] ?? ''), 20)
      const answer = await answerOn(socket, '')
      clearInterval(dripping)
      return statuses(answer)
    }
    const silent = open(server.port)
    const [head, login] = await Promise.all([
      slowly('GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: '.padEnd(4_000, 'x')),
      drippedForm(),
      answerOn(silent, ''),
    ])
    expect([head, login]).toEqual([[408], [408]])
  })

  it('that close their side early still get their answer', async () => {
    const socket = open(server.port)
    const answer = answerOn(socket, `GET /health HTTP/1.1\r\nHost: a\r\n${routed()}\r\n\r\n`)
    socket.end()
    expect(statuses(await answer)).toEqual([200])
  })

  it('that never read what they asked for are let go', async () => {
    const socket = open(server.port)
    const begun = new Promise((resolve) => socket.once('readable', resolve))
    const head = [
      'GET /heap-snapshot HTTP/1.1',
      'Host: localhost',
      routed(),
      `Authorization: Bearer ${TOKEN}`,
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    await begun
    expect(await server.server.connections()).toBe(1)
    await expect.poll(() => server.server.connections(), PATIENCE).toBe(0)
    socket.destroy()
  })

  it('that vanish in the middle leave nothing', async () => {
    const cuts = ['G', 'GET /pai', 'POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\ntok']
    await Promise.all(
      cuts.map(async (text) => {
        const socket = open(server.port)
        await new Promise<void>((resolve) => socket.write(text, () => resolve()))
        socket.resetAndDestroy()
      }),
    )
    await expect.poll(() => server.server.connections(), PATIENCE).toBe(0)
  })

  it('beyond the number of connections are turned away, and those within are served', async () => {
    const small = await runServer({ limits: { ...LIMITS, maxConnections: 3 } })
    const held = [open(small.port), open(small.port), open(small.port)]
    await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    expect(await exchange(small.port, 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n')).toBe('')
    for (const socket of held) {
      expect(
        statuses(await answerOn(socket, 'GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')),
      ).toEqual([200])
    }
    await small.server.close()
  })

  it('cannot keep the server from closing', async () => {
    const other = await runServer({
      limits: { ...LIMITS, headersMs: 60_000, requestMs: 60_000, idleMs: 60_000 },
    })
    const sockets = [open(other.port), open(other.port), open(other.port)]
    const ends = sockets.map((socket) => answerOn(socket, ''))
    sockets[1]?.write('GET /health HT')
    sockets[2]?.write('POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\ntoken')
    await exchange(other.port, 'GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await other.server.close()
    expect(await Promise.all(ends)).toHaveLength(sockets.length)
  })
})

it('leaves nothing open', async () => {
  const own = await runServer({ limits: LIMITS })
  await exchange(own.port, 'GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const before = openServers()
  await own.server.close()
  await expect.poll(openServers).toBe(before - 1)
  await expect.poll(() => server.server.connections(), PATIENCE).toBe(0)
})

function form(start: string, text: string, type = ''): string {
  const head = `${start} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.99.99.99\r\nConnection: close`
  const kind = `Content-Type: application/x-www-form-urlencoded${type}`
  return `${head}\r\n${kind}\r\nContent-Length: ${text.length}\r\n\r\n${text}`
}

async function drippedForm(): Promise<number[]> {
  const socket = open(server.port)
  const head = `POST /login HTTP/1.1\r\nHost: localhost\r\n${routed()}\r\nContent-Length: 2000\r\n`
  const dripping = setInterval(() => socket.write('x'), 20)
  const answer = await answerOn(
    socket,
    `${head}Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken=`,
  )
  clearInterval(dripping)
  return statuses(answer)
}

function openServers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length
}
