/** Ends of a connection that Baileys by itself survives badly: with a dead process, a hang, or half a minute late. */

import { describe, expect, it } from 'vitest'
import type { CorruptHow, Fault } from '../../sim/whatsapp/faults/fault.ts'
import { causeOf } from '../../src/connection/disconnect-cause.ts'
import { wireScene } from '../support/wire-life.ts'

const CORRUPT: readonly CorruptHow[] = ['bad-tag', 'malformed-node', 'empty-body', 'text-frame']

const AT_CONNECT: readonly (readonly [string, Fault, string])[] = [
  ['an HTTP error at the upgrade', { kind: 'http-error', status: 503 }, 'service-unavailable'],
  ['an HTTP error that looks like a ban', { kind: 'http-error', status: 403 }, 'unknown'],
  [
    'an HTTP error with the socket left open',
    { kind: 'http-error', status: 503, keepsSocket: true },
    'service-unavailable',
  ],
  ['a connection that is never upgraded', { kind: 'no-upgrade' }, 'timed-out'],
  ['a handshake that is never answered', { kind: 'no-server-hello' }, 'timed-out'],
  ['a garbled handshake', { kind: 'garbage-server-hello' }, 'unknown'],
  ['a wrong certificate', { kind: 'bad-certificate', flaw: 'issuer-serial' }, 'unknown'],
  ['a reset', { kind: 'reset-at-connect' }, 'timed-out'],
  ['nobody who listens', { kind: 'refuse' }, 'timed-out'],
]

describe('a connection that does not come about', () => {
  const start = wireScene()

  it.each(AT_CONNECT)('for %s ends in time, by its own cause', async (_what, fault, cause) => {
    const { whatsapp, connect } = await start({ connectTimeoutMs: 400 })
    const injected = await whatsapp.inject(fault)
    const life = await connect()
    expect(causeOf(await life.closed(), { phase: 'connecting' })).toBe(cause)
    expect(life.events).toEqual(['close'])
    expect(injected.struck).toBeGreaterThan(0)
  })
})

describe('a login that is not made active', () => {
  const start = wireScene()

  it('because of too many queries is none: it ends by that cause, and the next one works', async () => {
    const { whatsapp, account, open, connect } = await start()
    const refused = await whatsapp.inject({
      kind: 'query-error',
      query: 'passive',
      code: 429,
      text: 'rate-overlimit',
      times: 2,
    })
    const life = await connect()
    const report = await life.closed()
    expect(report).toEqual({ statusCode: 429, message: 'login not made active: rate-overlimit' })
    expect(causeOf(report, { phase: 'connecting' })).toBe('rate-limited')
    expect([life.events, refused.struck]).toEqual([['close'], 2])
    const next = await open()
    await whatsapp.addContact().say('after it', { to: account })
    await next.accepts('after it')
  })

  it('because nobody answers is none, too', async () => {
    const { whatsapp, connect } = await start({ queryTimeoutMs: 300, pingTimeoutMs: 200 })
    await whatsapp.inject({ kind: 'unanswered', query: 'passive' })
    const life = await connect()
    expect(await life.closed()).toEqual({
      statusCode: undefined,
      message: expect.stringMatching(/^login not made active: /),
    })
    expect(life.events).toEqual(['close'])
  })

  it('at first is asked for it again, and then delivers', async () => {
    const { whatsapp, account, open } = await start()
    const refused = await whatsapp.inject({ kind: 'query-error', query: 'passive', code: 500, times: 1 })
    const life = await open()
    await whatsapp.addContact().say('all the same', { to: account })
    await life.accepts('all the same')
    expect(refused.struck).toBe(1)
  })

  it('is not made of a query whose failure Baileys bears', async () => {
    const { whatsapp, account, open } = await start({ queryTimeoutMs: 300 })
    const silenced = await whatsapp.inject({ kind: 'unanswered', query: 'encrypt' })
    const life = await open()
    await whatsapp.addContact().say('all the same', { to: account })
    await life.accepts('all the same')
    expect(silenced.struck).toBeGreaterThan(0)
  })
})

describe('a corrupt frame', () => {
  const start = wireScene()

  it.each(CORRUPT)('(%s) ends the connection, nothing else; the next one works', async (how) => {
    const { whatsapp, account, open } = await start()
    const life = await open()
    await whatsapp.inject({ kind: 'corrupt-frame', how })
    expect(await life.closed()).toEqual({ statusCode: undefined, message: 'corrupt frame' })
    const next = await open()
    await whatsapp.addContact().say('after it', { to: account })
    await next.accepts('after it')
  })

  it.each(CORRUPT)('(%s) right after the login does so, too', async (how) => {
    const { whatsapp, connect } = await start()
    const injected = await whatsapp.inject({ kind: 'corrupt-frame', how, at: 'login' })
    expect((await (await connect()).closed()).message).toBe('corrupt frame')
    expect(injected.struck).toBe(1)
  })

  it('that is a sound one without meaning is passed by', async () => {
    const { whatsapp, account, open } = await start()
    const life = await open()
    await whatsapp.inject({ kind: 'corrupt-frame', how: 'message-without-id' })
    await whatsapp.addContact().say('after it', { to: account })
    await life.accepts('after it')
    expect(life.reports).toEqual([])
  })
})

describe('silence', () => {
  const start = wireScene()

  it('of a black hole is found by the keep-alive, and the end is not waited for', async () => {
    const { whatsapp, open } = await start({ keepAliveIntervalMs: 100, queryTimeoutMs: 500 })
    const life = await open()
    const injected = await whatsapp.inject({ kind: 'black-hole' })
    // The keep-alive's own margin is 5 s.
    await expect
      .poll(() => life.reports, { timeout: 9_000 })
      .toEqual([{ statusCode: 408, message: 'Connection was lost' }])
    expect(injected.struck).toBeGreaterThan(0)
  })

  it('is told by a ping that nobody answers', async () => {
    const { whatsapp, open } = await start({ pingTimeoutMs: 200 })
    const life = await open()
    await whatsapp.inject({ kind: 'stall' })
    await expect(life.socket.ping()).rejects.toMatchObject({ code: 'timed-out' })
  })

  it('of the message path alone is told by the probe, while pings are answered', async () => {
    const { whatsapp, open } = await start({ probeTimeoutMs: 300 })
    const life = await open()
    const injected = await whatsapp.inject({ kind: 'no-ack' })
    await life.socket.ping()
    await expect(life.socket.probe()).rejects.toMatchObject({ code: 'timed-out' })
    expect(injected.struck).toBe(1)
  })

  it('answers to a ping that refuse it are answers', async () => {
    const { whatsapp, open } = await start()
    const life = await open()
    await whatsapp.inject({ kind: 'query-error', query: 'w:p', code: 429 })
    await expect(life.socket.ping()).resolves.toBeUndefined()
  })
})
