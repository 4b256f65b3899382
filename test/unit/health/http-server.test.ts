/** The health server over real HTTP: who sees what, by which name, how often, and how it ends. */

import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { SnapshotDoor } from '../../../src/health/health-source.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { NOW_MS, TOKEN, botView, connection, runServer, sourceOf } from './health-bench.ts'
import type { RunningServer } from './health-bench.ts'
import { exchange } from './raw-http.ts'

const BEARER = { authorization: `Bearer ${TOKEN}` }
const QR_TEXT = '2@hush-hush-reference,hush-hush-key,hush-hush-identity'
const PAIRING = sourceOf({ bot: botView(connection({ state: 'pairing', qr: QR_TEXT })) })

const running: RunningServer[] = []

async function start(options: Parameters<typeof runServer>[0] = {}): Promise<RunningServer> {
  const started = await runServer(options)
  running.push(started)
  return started
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ server }) => server.close()))
})

type Headers = Record<string, string>

function get({ url }: RunningServer, path: string, headers: Headers = {}): Promise<Response> {
  return fetch(`${url}${path}`, { headers, redirect: 'manual' })
}

function post({ url }: RunningServer, path: string, body: string, headers: Headers = {}): Promise<Response> {
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  return fetch(`${url}${path}`, {
    method: 'POST',
    body,
    headers: { ...type, ...headers },
    redirect: 'manual',
  })
}

async function logIn(server: RunningServer, headers: Headers = {}): Promise<string> {
  const answer = await post(server, '/login', `token=${TOKEN}`, headers)
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/pairing'])
  return answer.headers.get('set-cookie') ?? ''
}

/** As the router hands it on: what the client claims, then what it is. */
function from(address: string): Headers {
  return { 'x-forwarded-for': `1.1.1.1, ${address}` }
}

async function statuses(server: RunningServer, header: (index: number) => string): Promise<number[]> {
  const found: number[] = []
  for (let index = 0; index < 130; index++) {
    const answer = await get(server, '/health', { 'x-forwarded-for': header(index) })
    await answer.arrayBuffer()
    found.push(answer.status)
  }
  return found
}

async function page(source: ReturnType<typeof sourceOf>): Promise<string> {
  const answer = await get(await start({ source }), '/pairing', BEARER)
  expect(answer.status).toBe(200)
  return answer.text()
}

describe('/health', () => {
  it('tells everybody the least, and its owner the rest', async () => {
    const server = await start()
    const least = await get(server, '/health')
    expect([least.status, Object.keys(JSON.parse(await least.text()))]).toEqual([
      200,
      ['status', 'timestamp', 'uptime', 'memory', 'memoryOptimizationEnabled', 'databaseConnected'],
    ])
    const all: unknown = await (await get(server, '/health', BEARER)).json()
    expect(all).toMatchObject({
      status: 'ok',
      details: {
        reasons: [],
        readiness: { isReady: true },
        process: { state: 'running', restarts: {} },
        bot: {
          connection: { state: 'open', attempts: 3 },
          lease: { status: 'held' },
          messages: { received: 7, confirmed: 5 },
          steps: [{ name: 'database' }, { name: 'lease' }],
        },
      },
    })
  })

  it('answers 503 when the bot process is not there, and 200 while only WhatsApp is away', async () => {
    const away = await start({ source: sourceOf({ bot: botView(connection({ state: 'waiting' })) }) })
    expect((await get(away, '/health')).status).toBe(200)
    const gone = await start({ source: sourceOf({ supervisor: { botProcess: 'waiting' } }) })
    expect((await get(gone, '/health')).status).toBe(503)
  })

  it('tells the least by any host name, and the rest only by an allowed one', async () => {
    const server = await start({ isOnDyno: true })
    const ask = async (host: string): Promise<unknown> =>
      (await rawGet(server, '/health', [`Host: ${host}`, `Authorization: Bearer ${TOKEN}`])).includes(
        'details',
      )
    expect([await ask('10.1.2.3'), await ask('bot-1.herokuapp.com')]).toEqual([false, true])
  })

  it('shows neither QR nor token to anybody', async () => {
    const server = await start({ source: PAIRING })
    for (const path of ['/health', '/ready', '/metrics']) {
      const text = await (await get(server, path, BEARER)).text()
      expect([path, text.includes('hush-hush'), text.includes(TOKEN)]).toEqual([path, false, false])
    }
  })
})

describe('without a token', () => {
  it('everything but the least is off, and says how to turn it on', async () => {
    const server = await start({ token: undefined })
    expect((await get(server, '/health', BEARER)).status).toBe(200)
    expect(await (await get(server, '/health', BEARER)).text()).not.toContain('details')
    for (const path of ['/ready', '/metrics', '/pairing', '/login', '/heap-snapshot']) {
      const answer = await get(server, path, BEARER)
      expect([path, answer.status, (await answer.text()).includes('ADMIN_TOKEN')]).toEqual([path, 503, true])
    }
    expect((await post(server, '/login', 'token=')).status).toBe(503)
  })
})

describe('the doors', () => {
  it('stay shut for programs without the token', async () => {
    const server = await start()
    for (const path of ['/ready', '/metrics', '/heap-snapshot']) {
      const answer = await get(server, path)
      expect([path, answer.status, answer.headers.get('www-authenticate')]).toEqual([
        path,
        401,
        'Bearer realm="bot"',
      ])
      expect((await get(server, path, { authorization: 'Bearer wrong' })).status).toBe(401)
    }
    expect((await get(server, '/ready', BEARER)).status).toBe(200)
    expect((await get(server, '/metrics', BEARER)).headers.get('content-type')).toMatch(
      /^text\/plain; version=/,
    )
  })

  it('stay shut by a name that is not ours', async () => {
    const server = await start({ hosts: 'bot.example.org' })
    const statusBy = async (host: string): Promise<string> =>
      (await rawGet(server, '/ready', [`Host: ${host}`, `Authorization: Bearer ${TOKEN}`])).slice(9, 12)
    expect(await statusBy('evil.example')).toBe('421')
    expect(await statusBy('bot.example.org')).toBe('200')
  })

  it('stay shut after ten wrong tokens of one client, also for the right one; others are not held up', async () => {
    const server = await start({ isOnDyno: true })
    for (let tries = 0; tries < 10; tries++) {
      expect((await post(server, '/login', 'token=wrong', from('9.9.9.9'))).status).toBe(401)
    }
    expect((await post(server, '/login', `token=${TOKEN}`, from('9.9.9.9'))).status).toBe(429)
    expect((await get(server, '/ready', { ...BEARER, ...from('9.9.9.9') })).status).toBe(429)
    await logIn(server, from('8.8.8.8'))
    const lines = server.logger.lines.filter(({ event }) => event === 'http.wrong-token')
    expect(lines).toHaveLength(10)
  })
})

describe('the rate limit', () => {
  it('knows a client by what the router appended, whatever it claims itself', async () => {
    const found = await statuses(await start({ isOnDyno: true }), (index) => `10.0.0.${index}, 9.9.9.9`)
    expect([found.indexOf(429), found.at(-1)]).toEqual([120, 429])
  })

  it('lets different clients behind the router be', async () => {
    const found = await statuses(await start({ isOnDyno: true }), (index) => `9.9.9.9, 10.0.0.${index}`)
    expect(found).not.toContain(429)
  })

  it('believes nobody’s header where there is no router', async () => {
    const found = await statuses(await start(), (index) => `10.0.0.${index}`)
    expect(found.indexOf(429)).toBe(120)
  })
})

describe('the login', () => {
  it('gives a cookie for the token that opens the page', async () => {
    const server = await start()
    expect((await get(server, '/pairing')).headers.get('location')).toBe('/login')
    expect(await (await get(server, '/login')).text()).toContain('action="/login"')
    const cookie = await logIn(server)
    expect(cookie).toMatch(/; Path=\/; .*HttpOnly; SameSite=Strict/)
    expect([cookie.includes(TOKEN), cookie.includes('Secure')]).toEqual([false, false])
    const session = { cookie: cookie.split(';')[0] ?? '' }
    expect((await get(server, '/pairing', session)).status).toBe(200)
    expect((await get(server, '/login', session)).headers.get('location')).toBe('/pairing')
    const out = await post(server, '/logout', '', session)
    expect([out.status, out.headers.get('set-cookie')]).toEqual([303, expect.stringContaining('Max-Age=0')])
  })

  it('marks the cookie Secure behind the router’s TLS, and only there', async () => {
    const tls = { 'x-forwarded-proto': 'https' }
    expect(await logIn(await start({ isOnDyno: true }), tls)).toContain('; Secure')
    expect(await logIn(await start(), tls)).not.toContain('; Secure')
  })

  it('is refused with a wrong token, and with none', async () => {
    const server = await start()
    const wrong = await post(server, '/login', 'token=wrong')
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null])
    expect(await wrong.text()).toContain('role="alert"')
    expect((await post(server, '/login', '')).status).toBe(400)
    expect((await post(server, '/login', 'token=a&token=b')).status).toBe(400)
  })

  it('takes no form of another site', async () => {
    const server = await start()
    const session = { cookie: (await logIn(server)).split(';')[0] ?? '' }
    const foreign = [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]
    for (const headers of foreign) {
      expect((await post(server, '/login', `token=${TOKEN}`, headers)).status).toBe(403)
      expect((await post(server, '/heap-snapshot', '', { ...session, ...headers })).status).toBe(403)
    }
    expect((await post(server, '/logout', '', { ...session, origin: server.url })).status).toBe(303)
  })
})

describe('the pairing page', () => {
  it('shows the QR as a picture, refreshes itself and needs no script', async () => {
    const html = await page(PAIRING)
    expect(html).toMatch(/<svg [^>]*viewBox="0 0 \d+ \d+"/)
    expect(html).toContain('<meta http-equiv="refresh" content="5">')
    expect(html).not.toMatch(/<script|javascript:|\son\w+=|hush-hush/i)
  })

  it('shows a code to type where there is one, while pairing only', async () => {
    const code = { pairingCode: 'ABCD-1234' }
    const pairing = botView(connection({ state: 'pairing', qr: QR_TEXT }), code)
    const html = await page(sourceOf({ bot: pairing }))
    expect(html).toContain('<p class="code">ABCD-1234</p>')
    expect(html).toContain('<svg ')
    expect(await page(sourceOf({ bot: botView({}, code) }))).not.toContain('ABCD')
  })

  it('says so when WhatsApp has ended the link for good', async () => {
    const halted = connection({ state: 'halted', cause: 'logged-out' })
    expect(await page(sourceOf({ bot: botView(halted) }))).toMatch(/ended this link \(logged-out\)/)
  })

  it('says what to do when the stored session cannot be used', async () => {
    const sessionTrouble = { code: 'encryption-key-missing', remedy: 'set the <key>' } as const
    const html = await page(
      sourceOf({ bot: botView({ ...connection({ state: 'waiting' }), sessionTrouble }) }),
    )
    expect(html).toContain('cannot be used: set the &lt;key&gt;.')
  })

  it('says when the phone was last heard of, and asks for it when that is too long ago', async () => {
    const daysAgo = (days: number, isOverdue: boolean) =>
      page(
        sourceOf({ bot: botView({ phone: { silentSinceMs: Date.now() - days * 86_400_000, isOverdue } }) }),
      )
    const phone = { silentSinceMs: NOW_MS, isOverdue: true }
    const server = await start({ source: sourceOf({ bot: botView({ phone }) }) })
    const details = { bot: { phone: { silentSince: new Date(NOW_MS).toISOString(), overdue: true } } }
    expect(await (await get(server, '/health', BEARER)).json()).toMatchObject({ details })
    const heard = await daysAgo(2, false)
    expect(heard).toContain('<dt>Phone</dt><dd>last sign 48 h 0 min ago</dd>')
    expect(heard).not.toContain('Open WhatsApp on the phone')
    expect(await daysAgo(10, true)).toContain('Open WhatsApp on the phone: nothing was heard of it for 240 h')
    expect(await page(sourceOf({ bot: botView() }))).toContain('<dt>Phone</dt><dd>not known yet</dd>')
  })

  it('survives a text that no QR can hold', async () => {
    const bot = botView(connection({ state: 'pairing', qr: 'x'.repeat(5_000) }))
    expect(await page(sourceOf({ bot }))).toContain('cannot be drawn')
  })

  it('says how it is otherwise, and lets nothing through as HTML', async () => {
    const waiting = connection({ state: 'waiting', cause: '<b>odd</b>' })
    const html = await page(sourceOf({ bot: botView(waiting) }))
    expect(html).toContain('degraded (disconnected)')
    expect(html).toContain('waiting; last cause: &lt;b&gt;odd&lt;/b&gt;')
  })
})

describe('heap snapshots', () => {
  it('are taken on demand and can be downloaded', async () => {
    const folder = await mkdtemp(join(tmpdir(), '.snapshot-'))
    const path = join(folder, 'one.heapsnapshot')
    const taken: SnapshotDoor = {
      take: () => {
        writeFileSync(path, '{"snapshot":{}}')
        return Promise.resolve({ status: 'taken', bytes: 15, durationMs: 20 })
      },
      newest: () => ({ path, bytes: 15, takenAtMs: Date.UTC(2026, 0, 2) }),
    }
    const server = await start({ snapshots: taken })
    expect((await get(server, '/heap-snapshot', BEARER)).status).toBe(404)
    const answer = await post(server, '/heap-snapshot', '', BEARER)
    expect([answer.status, await answer.json()]).toEqual([
      201,
      { status: 'taken', bytes: 15, durationMs: 20 },
    ])
    const download = await get(server, '/heap-snapshot', BEARER)
    expect(download.headers.get('content-disposition')).toBe(
      'attachment; filename=bot-2026-01-02T00-00-00-000Z.heapsnapshot',
    )
    expect(await download.text()).toBe('{"snapshot":{}}')
    const session = { cookie: (await logIn(server)).split(';')[0] ?? '' }
    expect((await post(server, '/heap-snapshot', '', session)).headers.get('location')).toBe('/pairing')
    await rm(folder, { recursive: true })
  })

  it('are refused with the reason, or said to be under way when they take long', async () => {
    const refusing: SnapshotDoor = {
      take: () => Promise.resolve({ status: 'refused', reason: 'it would not fit' }),
      newest: () => undefined,
    }
    const refused = await post(await start({ snapshots: refusing }), '/heap-snapshot', '', BEARER)
    expect([refused.status, await refused.json()]).toEqual([
      409,
      { status: 'refused', reason: 'it would not fit' },
    ])
    const clock = new ManualClock()
    const begun = Promise.withResolvers<void>()
    const slow: SnapshotDoor = {
      take: () => (begun.resolve(), new Promise(() => undefined)),
      newest: () => undefined,
    }
    const asked = post(await start({ snapshots: slow, clock }), '/heap-snapshot', '', BEARER)
    await begun.promise
    await clock.advance(20_000)
    expect((await asked).status).toBe(202)
  })

  it('are not to be had where nobody takes them', async () => {
    const server = await start()
    expect((await post(server, '/heap-snapshot', '', BEARER)).status).toBe(501)
    expect((await get(server, '/heap-snapshot', BEARER)).status).toBe(404)
  })
})

describe('every answer', () => {
  it.each(['/health', '/ready', '/metrics', '/pairing', '/login', '/', '/nothing', '/%', '/heap-snapshot'])(
    'of %s carries the security headers',
    async (path) => {
      const { headers } = await get(await start(), path)
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';style-src 'sha256-/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-powered-by')).toBeNull()
    },
  )

  it('to another method names the ones there are', async () => {
    const server = await start()
    const answer = await post(server, '/health', '')
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await fetch(`${server.url}/logout`, { method: 'DELETE' })).headers.get('allow')).toBe('POST')
    expect((await fetch(`${server.url}/health`, { method: 'HEAD' })).status).toBe(200)
  })

  it('keeps the connection for longer than Heroku’s router does', async () => {
    const answer = await get(await start(), '/health')
    const seconds = Number(/timeout=(\d+)/.exec(answer.headers.get('keep-alive') ?? '')?.[1])
    expect(seconds).toBeGreaterThan(90)
  })
})

describe('the server', () => {
  it('says when a port is taken', async () => {
    const first = await start()
    const second = await start()
    const taken = second.server.listen({ port: first.port, host: '127.0.0.1' })
    await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('listens on several ports and closes them all, idle connections too, also when told twice', async () => {
    const server = await start()
    const other = await server.server.listen({ port: 0, host: '127.0.0.1' })
    await (await get(server, '/health')).text()
    await (await fetch(`http://127.0.0.1:${other}/health`)).text()
    await Promise.all([server.server.close(), server.server.close()])
    await expect(get(server, '/health')).rejects.toThrow('fetch failed')
    await expect(fetch(`http://127.0.0.1:${other}/health`)).rejects.toThrow('fetch failed')
  })
})

/** Over a bare socket: fetch sets the Host header itself. */
function rawGet({ port }: RunningServer, path: string, headers: readonly string[]): Promise<string> {
  return exchange(port, [`GET ${path} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'))
}
