/**
 * Each fault, from what the server does to what an unmodified Baileys reports. These are the facts on which a
 * bot's table of causes rests.
 */

import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { connectClient, memoryAuth } from '../support/baileys-client.ts'
import { useWire } from '../support/wire-fixture.ts'
import type { Fault } from '../../sim/whatsapp/faults/fault.ts'
import type { ServerEvent } from '../../sim/whatsapp/server-event.ts'
import type { CloseReport } from '../support/baileys-client.ts'

const { startServer, openClient, connect } = useWire()

type Row = readonly [Fault, CloseReport]

const text = (pattern: RegExp): string => expect.stringMatching(pattern) as string

const ON_AN_OPEN_CONNECTION: readonly Row[] = [
  [
    { kind: 'stream-error', code: 515 },
    { code: 515, message: 'Stream Errored (restart required)' },
  ],
  [
    { kind: 'stream-error', code: 503 },
    { code: 503, message: text(/^Stream Errored/) },
  ],
  [
    { kind: 'stream-error', code: 500 },
    { code: 500, message: text(/^Stream Errored/) },
  ],
  [
    { kind: 'stream-error', code: 401, child: 'conflict-removed' },
    { code: 401, message: text(/^Stream Errored/) },
  ],
  [
    { kind: 'stream-error', code: 440, child: 'conflict-replaced' },
    { code: 440, message: text(/^Stream Errored/) },
  ],
  [
    { kind: 'stream-error', child: 'conflict-replaced' },
    { code: 440, message: text(/^Stream Errored/) },
  ],
  // Without a code, Baileys takes any conflict for a replacement.
  [
    { kind: 'stream-error', child: 'conflict-removed' },
    { code: 440, message: text(/^Stream Errored/) },
  ],
  [
    { kind: 'stream-error', child: 'ack' },
    { code: 500, message: text(/^Stream Errored/) },
  ],
  [
    { kind: 'stream-error', code: 515, keepsSocket: true },
    { code: 515, message: text(/^Stream Errored/) },
  ],
  [
    { kind: 'close', how: 'stream-end' },
    { code: 428, message: 'Connection Terminated by Server' },
  ],
  [
    { kind: 'close', how: 'normal' },
    { code: 428, message: 'Connection Terminated' },
  ],
  [
    { kind: 'close', how: 'server-error' },
    { code: 428, message: 'Connection Terminated' },
  ],
  [
    { kind: 'close', how: 'terminate' },
    { code: 428, message: 'Connection Terminated' },
  ],
  [
    { kind: 'close', how: 'reset' },
    { code: 428, message: text(/^(Connection Terminated|WebSocket Error)/) },
  ],
  [
    { kind: 'close', how: 'bad-opcode' },
    { code: 500, message: text(/^WebSocket Error/) },
  ],
]

const AT_CONNECT: readonly Row[] = [
  [
    { kind: 'login-failure', reason: 401 },
    { code: 401, message: 'Connection Failure' },
  ],
  [
    { kind: 'login-failure', reason: 403 },
    { code: 403, message: 'Connection Failure' },
  ],
  [
    { kind: 'login-failure', reason: 405 },
    { code: 405, message: 'Connection Failure' },
  ],
  [
    { kind: 'login-failure', reason: 503 },
    { code: 503, message: 'Connection Failure' },
  ],
  [{ kind: 'refuse' }, { code: 408, message: text(/^WebSocket Error \(connect ECONNREFUSED/) }],
  [{ kind: 'reset-at-connect' }, { code: 408, message: text(/^WebSocket Error/) }],
  [{ kind: 'no-upgrade' }, { code: 408, message: text(/^WebSocket Error/) }],
  [
    { kind: 'http-error', status: 503, keepsSocket: true },
    { code: 408, message: text(/./) },
  ],
  [{ kind: 'no-server-hello' }, { code: 408, message: text(/./) }],
  [{ kind: 'garbage-server-hello' }, { code: undefined, message: text(/./) }],
  [
    { kind: 'bad-certificate', flaw: 'issuer-serial' },
    { code: 400, message: 'certification match failed' },
  ],
  [
    { kind: 'stream-error', code: 515, at: 'login' },
    { code: 515, message: text(/^Stream Errored/) },
  ],
  [
    { kind: 'close', how: 'terminate', at: 'open' },
    { code: 428, message: 'Connection Terminated' },
  ],
]

describe('on an open connection', () => {
  it.each(ON_AN_OPEN_CONNECTION)('%j is reported as %j', async (fault, report) => {
    const server = await startServer()
    const client = await openClient(server, server.addAccount())
    const injected = await server.inject(fault)
    expect(await client.closed()).toEqual(report)
    expect(injected.struck).toBe(1)
  })
})

describe('at connect', () => {
  it.each(AT_CONNECT)('%j is reported as %j', async (fault, report) => {
    const server = await startServer()
    const auth = memoryAuth(server.addAccount().linkedDevice().creds)
    const injected = await server.inject(fault)
    expect(await connect(server, auth, { connectTimeoutMs: 300 }).closed()).toEqual(report)
    expect(injected.struck).toBeGreaterThan(0)
    await injected.lift()
    await connect(server, auth).opened()
  })

  it('an HTTP error whose socket is closed is never reported at all', async () => {
    const server = await startServer()
    await server.inject({ kind: 'http-error', status: 405 })
    const auth = memoryAuth(server.addAccount().linkedDevice().creds)
    const client = connect(server, auth, { connectTimeoutMs: 300 })
    await expect(client.closed(1000)).rejects.toThrow('did not come')
  })
})

describe('the wire itself', () => {
  it.each(['bad-tag', 'malformed-node', 'empty-body'] as const)(
    'a corrupt frame (%s) rejects where nobody catches it',
    async (how) => {
      const server = await startServer()
      const client = await openClient(server, server.addAccount())
      const rejections = catchRejections()
      await server.inject({ kind: 'corrupt-frame', how })
      await expect.poll(() => rejections.length).toBeGreaterThan(0)
      expect(client.updates.some((update) => update.connection === 'close')).toBe(false)
    },
  )

  it('a message without id is passed over', async () => {
    const server = await startServer()
    const [account, alice] = [server.addAccount(), server.addContact()]
    const client = await openClient(server, account)
    await server.inject({ kind: 'corrupt-frame', how: 'message-without-id' })
    await alice.say('still there?', { to: account })
    await client.message('still there?')
    expect(client.upserts).toHaveLength(1)
  })

  it('a bad certificate of an unknown root passes, because Baileys ignores the result of its check', async () => {
    const server = await startServer()
    const bad = await server.inject({ kind: 'bad-certificate', flaw: 'untrusted-root' })
    await openClient(server, server.addAccount())
    expect(bad.struck).toBe(1)
  })
})

describe('silence', () => {
  // Three in one test, because Baileys' keep-alive has five seconds of patience that no option shortens.
  it('is noticed by the keep-alive: a stall, part of a frame, a text frame', async () => {
    const silences: Fault[] = [
      { kind: 'stall' },
      { kind: 'corrupt-frame', how: 'partial-frame' },
      // Read as the beginning of a very long frame.
      { kind: 'corrupt-frame', how: 'text-frame' },
    ]
    await Promise.all(
      silences.map(async (fault) => {
        const server = await startServer()
        const [account, alice] = [server.addAccount(), server.addContact()]
        const client = await openClient(server, account, { keepAliveIntervalMs: 100 })
        const silence = await server.inject(fault)
        await alice.say('swallowed', { to: account })
        expect(await client.closed(8_000)).toEqual({ code: 408, message: 'Connection was lost' })
        expect(client.upserts).toEqual([])
        expect(silence.struck).toBeGreaterThan(0)
        await silence.lift()
        const next = connect(server, client.auth)
        await next.message('swallowed')
      }),
    )
  })

  it('a stall that ends in time is not', async () => {
    const server = await startServer()
    const [account, alice] = [server.addAccount(), server.addContact()]
    const client = await openClient(server, account)
    const stall = await server.inject({ kind: 'stall' })
    await alice.say('swallowed', { to: account })
    await stall.lift()
    await alice.say('after', { to: account })
    await client.message('after')
    expect(client.upserts).toHaveLength(1)
    // Swallowed is not lost: it was never acknowledged, so the next login brings it.
    await client.end()
    const next = connect(server, client.auth)
    await next.opened()
    await next.message('swallowed')
  })

  it('a black hole does not even answer the close', async () => {
    const server = await startServer()
    const client = await openClient(server, server.addAccount())
    const hole = await server.inject({ kind: 'black-hole' })
    expect(hole.struck).toBe(1)
    const ended = client.end().then(() => 'ended')
    const waited = new Promise((resolve) => {
      setTimeout(() => resolve('still waiting'), 300)
    })
    expect(await Promise.race([ended, waited])).toBe('still waiting')
    await hole.lift()
    expect(await ended).toBe('ended')
  })

  it('a deaf session answers pings and delivers nothing', async () => {
    const server = await startServer()
    const [account, alice] = [server.addAccount(), server.addContact()]
    const client = await openClient(server, account, { keepAliveIntervalMs: 30 })
    const deaf = await server.inject({ kind: 'deaf' })
    await alice.say('not heard', { to: account })
    const pings = (): number => server.truth().queries['w:p/get/ping'] ?? 0
    const before = pings()
    await expect.poll(pings).toBeGreaterThan(before + 3)
    expect(client.upserts).toEqual([])
    expect(deaf.struck).toBeGreaterThan(0)
    await deaf.lift()
    await client.end()
    const next = connect(server, client.auth)
    await next.message('not heard')
  })

  it('slowness delays, in order', async () => {
    const server = await startServer()
    const [account, alice] = [server.addAccount(), server.addContact()]
    const client = await openClient(server, account)
    const slow = await server.inject({ kind: 'slow', delayMs: 60 })
    const startMs = Date.now()
    await alice.say('one', { to: account })
    await alice.say('two', { to: account })
    await client.message('two')
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(55)
    expect(client.upserts.map(({ message }) => message.message?.conversation)).toEqual(['one', 'two'])
    expect(slow.struck).toBeGreaterThanOrEqual(2)
  })
})

describe('queries', () => {
  it('that nobody answers let a send resolve with nobody reached', async () => {
    const server = await startServer()
    const [account, alice] = [server.addAccount(), server.addContact()]
    const client = await openClient(server, account, { defaultQueryTimeoutMs: 100 })
    const fault = await server.inject({ kind: 'unanswered', query: 'usync' })
    const sent = await client.socket.sendMessage(alice.jid, { text: 'into the void' })
    expect(sent?.key.id).toBeDefined()
    await expect.poll(() => server.truth().sent.map((each) => each.recipients)).toEqual([0])
    expect(fault.struck).toBeGreaterThan(0)
  })

  it('that are refused reject with the number', async () => {
    const server = await startServer()
    const client = await openClient(server, server.addAccount())
    await server.inject({ kind: 'query-error', query: 'w:g2', code: 500, text: 'internal-server-error' })
    await expect(client.socket.groupMetadata('1@g.us')).rejects.toMatchObject({
      data: 500,
      message: 'internal-server-error',
    })
  })

  it('beyond the limit are refused with 429, pings excepted', async () => {
    const server = await startServer()
    const client = await openClient(server, server.addAccount(), { keepAliveIntervalMs: 10 })
    // What every client asks when it opens shall not count.
    await expect.poll(() => server.truth().queries['privacy/get/privacy']).toBe(1)
    const limit = await server.inject({ kind: 'rate-limit', perMinute: 2 })
    const ask = async (): Promise<unknown> =>
      client.socket.fetchBlocklist().then(
        () => 'answered',
        (error: { data?: unknown }) => error.data,
      )
    expect([await ask(), await ask(), await ask()]).toEqual(['answered', 'answered', 429])
    expect(limit.struck).toBe(1)
  })
})

describe('messages', () => {
  it.each([479, 463])('refused with %i never arrive, and the client learns the number', async (code) => {
    const server = await startServer()
    const [account, alice] = [server.addAccount(), server.addContact()]
    const client = await openClient(server, account)
    await server.inject({ kind: 'ack-error', code, times: 1 })
    const sent = await client.socket.sendMessage(alice.jid, { text: 'refused' })
    await expect.poll(() => client.statuses.get(sent?.key.id ?? '')).toBe(0)
    await client.socket.sendMessage(alice.jid, { text: 'taken' })
    await alice.inbox.waitFor('taken')
    expect(alice.inbox.messages).toHaveLength(1)
  })

  it('to strangers are refused under a time-lock, to acquaintances not', async () => {
    const server = await startServer()
    const [account, alice, stranger] = [server.addAccount(), server.addContact(), server.addContact()]
    const client = await openClient(server, account)
    await alice.say('we know each other', { to: account })
    await client.message('we know each other')
    const lock = await server.inject({ kind: 'reach-out-timelock' })
    const refused = await client.socket.sendMessage(stranger.jid, { text: 'hello stranger' })
    await client.socket.sendMessage(alice.jid, { text: 'hello friend' })
    await alice.inbox.waitFor('hello friend')
    await expect.poll(() => client.statuses.get(refused?.key.id ?? '')).toBe(0)
    expect(stranger.inbox.length).toBe(0)
    expect(lock.struck).toBe(1)
  })

  it('that are not acknowledged arrive nevertheless', async () => {
    const server = await startServer()
    const [account, alice] = [server.addAccount(), server.addContact({ habits: { sendsDelivery: false } })]
    const client = await openClient(server, account)
    await server.inject({ kind: 'no-ack' })
    const acks: unknown[] = []
    client.socket.ws.on('CB:ack,class:message', (ack: unknown) => acks.push(ack))
    await client.socket.sendMessage(alice.jid, { text: 'hi' })
    await alice.inbox.waitFor('hi')
    await client.socket.fetchBlocklist()
    expect(acks).toEqual([])
  })

  it('that come twice as they are are refused the second time', async () => {
    const server = await startServer()
    const [account, alice] = [server.addAccount(), server.addContact()]
    const client = await openClient(server, account)
    const twice = await server.inject({ kind: 'duplicate', times: 1 })
    const id = await alice.say('again', { to: account })
    await expect
      .poll(() => server.truth().acks.filter((ack) => ack.class === 'message'))
      .toMatchObject([{ id, error: '487' }])
    expect(client.upserts).toHaveLength(1)
    expect(twice.struck).toBe(1)
  })

  it('that come twice, sealed anew, are reported twice', async () => {
    const server = await startServer()
    const [account, alice] = [server.addAccount(), server.addContact()]
    const client = await openClient(server, account)
    const id = await alice.say('again', { to: account })
    await alice.say('again', { to: account, id })
    await expect.poll(() => client.upserts.length).toBe(2)
    expect(client.upserts.map(({ message }) => message.key.id)).toEqual([id, id])
  })

  it('come in another order', async () => {
    const server = await startServer()
    const [account, alice] = [server.addAccount(), server.addContact()]
    const client = await openClient(server, account)
    const shuffle = await server.inject({ kind: 'reorder', window: 3 })
    for (const word of ['one', 'two', 'three']) await alice.say(word, { to: account })
    await client.message('one')
    expect(client.upserts.map(({ message }) => message.message?.conversation)).toEqual([
      'three',
      'two',
      'one',
    ])
    expect(shuffle.struck).toBe(1)
  })
})

describe('a fault', () => {
  it('meant for one device leaves the others alone', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const [one, other] = [await openClient(server, account), await openClient(server, account)]
    const device = `${account.lid}.${account.linkedDevices[0]?.number ?? 0}`
    await server.inject({ kind: 'stream-error', code: 503, device })
    expect(await one.closed()).toMatchObject({ code: 503 })
    await other.socket.fetchBlocklist()
  })

  it('ends by itself after its time or its strikes', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const auth = memoryAuth(account.linkedDevice().creds)
    const loop = await server.inject({ kind: 'stream-error', code: 515, at: 'login', times: 2 })
    expect((await connect(server, auth).closed()).code).toBe(515)
    expect((await connect(server, auth).closed()).code).toBe(515)
    await connect(server, auth).opened()
    expect(loop).toMatchObject({ struck: 2, isInForce: false })
    const brief = await server.inject({ kind: 'deaf', forMs: 20 })
    expect(brief.isInForce).toBe(true)
    await expect.poll(() => brief.isInForce).toBe(false)
  })

  it.each([
    [{ kind: 'sunspots' }, 'fault kind "sunspots" is none of refuse, '],
    [{ kind: 'slow' }, 'fault "slow": "delayMs" must be a whole number from 0 to 2147483647'],
    [{ kind: 'close', how: 'gently', att: 1 }, '"how" must be one of stream-end, normal'],
    [{ kind: 'close', how: 'normal', att: 1 }, '"att" is no field of it'],
  ])('that is wrong is refused: %j', async (fault, message) => {
    const server = await startServer()
    await expect(server.inject(fault as Fault)).rejects.toThrow(message)
  })
})

describe('a server', () => {
  it('leaves nothing listening when it is closed, whatever is in force', async () => {
    const server = await startServer()
    const auth = memoryAuth(server.addAccount().linkedDevice().creds)
    await connect(server, auth).opened()
    await server.inject({ kind: 'refuse', forMs: 60_000 })
    await server.inject({ kind: 'black-hole' })
    const { port, url } = server
    await server.close()
    await server.close()
    expect(await connectClient(url, auth).closed()).toMatchObject({ code: 408 })
    const next = createServer()
    onTestFinished(() => void next.close())
    await new Promise<void>((resolve) => {
      next.listen(port, '127.0.0.1', resolve)
    })
  })
})

/** Rejections that nobody handles, which would end the process; kept from doing so in this test. */
function catchRejections(): unknown[] {
  const rejections: unknown[] = []
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  const note = (reason: unknown): void => void rejections.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(() => {
    process.off('unhandledRejection', note)
    for (const other of others) process.on('unhandledRejection', other)
  })
  return rejections
}

describe('a stream error that strikes in a handshake', () => {
  it('cannot be said, so the connection just ends, and the server gives no reason that it did not give', async () => {
    const seen: ServerEvent[] = []
    const server = await startServer({ onEvent: (event) => seen.push(event) })
    const client = new WebSocket(server.url)
    await once(client, 'open')
    const injected = await server.inject({ kind: 'stream-error', child: 'conflict-replaced' })
    await once(client, 'close')
    const closed = { kind: 'closed', by: 'server', statusCode: undefined, message: '' }
    await vi.waitFor(() => expect(seen.at(-1)).toMatchObject(closed))
    expect(injected.struck).toBe(1)
  })
})
