/** What Baileys by itself does badly with messages: sent too early, to nobody, twice, or kept without bound. */

import { initAuthCreds } from '@whiskeysockets/baileys'
import type { AuthenticationCreds } from '@whiskeysockets/baileys'
import { afterEach, describe, expect, it } from 'vitest'
import { stanza } from '../../sim/whatsapp/wire/stanza.ts'
import { errorCodeOf } from '../../src/errors.ts'
import { parse, serialise } from '../../src/session/codec.ts'
import { BareWhatsApp } from '../support/bare-whatsapp.ts'
import { connectClient, memoryAuth } from '../support/baileys-client.ts'
import type { MemoryAuth } from '../support/baileys-client.ts'
import { WireBot } from '../support/wire-bot.ts'
import { wireScene } from '../support/wire-life.ts'

const POLL = { timeout: 10_000, interval: 5 }

/** As a store holds it: later changes do not reach it. */
function copyOf(data: MemoryAuth['data']): MemoryAuth['data'] {
  const copies = [...data].map(([type, values]) => {
    const copied = [...values].map(([id, value]) => [id, parse(serialise(value))] as const)
    return [type, new Map<string, unknown>(copied)] as const
  })
  return new Map(copies)
}

/** Longer than any message takes on loopback. */
function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300))
}

describe('a message out', () => {
  const start = wireScene()

  it.each(['direct', 'group'] as const)(
    '(%s) does not leave while key writes hang, and no key is used twice after a crash',
    async (kind) => {
      const { whatsapp, account, bot, open } = await start()
      const anna = whatsapp.addContact()
      const group = whatsapp.addGroup({ subject: 'g', participants: [anna, account] })
      const chat = kind === 'group' ? group.jid : anna.jid
      const life = await open()
      for (const id of ['3EB01', '3EB02']) await life.socket.send({ id, chat, text: id })
      bot.keyWrites = 'hang'
      const hanging = life.socket.send({ id: '3EB03', chat, text: '3EB03' }).then(
        () => 'sent',
        (error: unknown) => errorCodeOf(error),
      )
      await aMoment()
      // As a crash leaves it: the next process reads what was committed.
      await life.socket.end()
      expect(await hanging).toBe('socket-closed')
      bot.keyWrites = 'commit'
      const next = await open()
      await next.socket.send({ id: '3EB04', chat, text: '3EB04' })
      await anna.inbox.waitFor('3EB04')
      expect(anna.inbox.messages.map(({ text }) => text)).toEqual(['3EB01', '3EB02', '3EB04'])
      expect(whatsapp.truth()).toMatchObject({ keyReuses: [], unhealedFailures: 0 })
    },
  )

  it('leaves plain Baileys all the same, and a key is used twice: the negative control', async () => {
    const { whatsapp, account } = await start()
    const anna = whatsapp.addContact()
    const group = whatsapp.addGroup({ subject: 'g', participants: [anna, account] })
    const auth = memoryAuth(account.linkedDevice().creds)
    const first = connectClient(whatsapp.url, auth)
    await first.opened()
    await first.socket.sendMessage(group.jid, { text: 'one' })
    await anna.inbox.waitFor('one')
    const committed = { creds: serialise(auth.creds), data: copyOf(auth.data) }
    const set = auth.keys.set.bind(auth.keys)
    let doesHang = true
    auth.keys.set = (changes) => (doesHang ? new Promise(() => {}) : set(changes))
    void first.socket.sendMessage(group.jid, { text: 'two' }).catch(() => undefined)
    await expect.poll(() => whatsapp.truth().sent.length, POLL).toBe(2)
    doesHang = false
    await first.end()
    const restored = memoryAuth(parse(committed.creds) as AuthenticationCreds)
    for (const [type, values] of committed.data) restored.data.set(type, values)
    const second = connectClient(whatsapp.url, restored)
    await second.opened()
    await second.socket.sendMessage(group.jid, { text: 'three' })
    await expect.poll(() => whatsapp.truth().keyReuses.length, POLL).toBeGreaterThan(0)
    await second.end()
  })

  it('is not written, and not taken as confirmed, when nobody could be asked for its recipients', async () => {
    const { whatsapp, open } = await start({ queryTimeoutMs: 200 })
    const anna = whatsapp.addContact()
    const life = await open()
    const injected = await whatsapp.inject({ kind: 'unanswered', query: 'usync' })
    const message = { id: '3EB05', chat: anna.jid, text: 'anybody?' }
    await expect(life.socket.send(message)).rejects.toMatchObject({ code: 'timed-out' })
    await aMoment()
    expect(whatsapp.truth().sent).toEqual([])
    expect(life.events).toEqual(['open'])
    await injected.lift()
    await life.socket.send(message)
    await anna.inbox.waitFor('anybody?')
  })

  it('fails when no bundle of keys can be had', async () => {
    const { whatsapp, open } = await start({ queryTimeoutMs: 200 })
    const anna = whatsapp.addContact()
    const life = await open()
    await whatsapp.inject({ kind: 'unanswered', query: 'encrypt/get/key' })
    await expect(life.socket.send({ id: '3EB06', chat: anna.jid, text: 'x' })).rejects.toThrow(/.+/)
    expect(whatsapp.truth().sent.filter(({ recipients }) => recipients > 0)).toEqual([])
  })

  it.each([463, 479, 429])(
    'that is refused with %i is told so, however early the refusal comes',
    async (code) => {
      const { whatsapp, open } = await start()
      const anna = whatsapp.addContact()
      const life = await open()
      await whatsapp.inject({ kind: 'ack-error', code, times: 1 })
      await life.socket.send({ id: '3EB07', chat: anna.jid, text: 'x' })
      await life.until(`ack 3EB07 ${code}`)
      await life.socket.send({ id: '3EB07', chat: anna.jid, text: 'x' })
      await life.until('ack 3EB07 taken')
      expect(anna.inbox.length).toBe(1)
    },
  )

  it('asks for a group once in a row of messages, and again when somebody has joined', async () => {
    const { whatsapp, account, open } = await start()
    const [anna, ben] = [whatsapp.addContact(), whatsapp.addContact()]
    const group = whatsapp.addGroup({ subject: 'g', participants: [anna, account] })
    const life = await open()
    const queries = (): number => whatsapp.truth().queries['w:g2/get/query'] ?? 0
    const before = queries()
    for (const id of ['3EB11', '3EB12', '3EB13']) await life.socket.send({ id, chat: group.jid, text: id })
    expect(queries() - before).toBe(1)
    group.add(ben)
    await whatsapp.idle()
    await expect
      .poll(async () => {
        await life.socket.send({ id: '3EB14', chat: group.jid, text: '3EB14' })
        return ben.inbox.messages.map(({ text }) => text)
      }, POLL)
      .toContain('3EB14')
    expect(queries() - before).toBe(2)
  })

  it('is sent again, the same, to somebody who could not read it, as the journal has it', async () => {
    const { whatsapp, account, bot, open } = await start()
    const anna = whatsapp.addContact()
    const life = await open()
    await life.socket.send({ id: '3EB15', chat: anna.jid, text: 'first' })
    await anna.inbox.waitFor('first')
    // Her answer makes the session one that needs no keys beside the message any more.
    await anna.say('hello', { to: account })
    await life.accepts('hello')
    anna.simulatedDevice(0).mail.endpoint.forgetSessions()
    bot.sent.set('3EB16', { chat: anna.jid, text: 'pong' })
    await life.socket.send({ id: '3EB16', chat: anna.jid, text: 'pong' })
    await anna.inbox.waitFor('pong')
    expect(whatsapp.truth()).toMatchObject({ failures: [{ id: '3EB16' }], unhealedFailures: 0 })
  })
})

describe('messages in', () => {
  const start = wireScene()

  it('that come twice are offered twice, under the same id', async () => {
    const { whatsapp, account, open } = await start()
    const life = await open()
    const injected = await whatsapp.inject({ kind: 'duplicate' })
    const id = await whatsapp.addContact().say('hello', { to: account })
    await whatsapp.idle()
    await expect.poll(() => injected.struck, POLL).toBeGreaterThan(0)
    await life.accepts('hello')
    await aMoment()
    expect(new Set(life.accepted.map((message) => message.id))).toEqual(new Set([id]))
    expect(life.reports).toEqual([])
  })

  it('wait in the server while key writes hang, and not here', async () => {
    const { whatsapp, account, bot, open } = await start({ maxWaitingMessages: 20 })
    const anna = whatsapp.addContact()
    const life = await open()
    await anna.say('first', { to: account })
    await life.accepts('first')
    bot.keyWrites = 'hang'
    for (let index = 0; index < 300; index += 1)
      await anna.say(`${index} ${'x'.repeat(5_000)}`, { to: account })
    await aMoment()
    // Paused: what is accepted meanwhile is one at most, and nothing more is read from the transport.
    expect(life.accepted.length).toBeLessThanOrEqual(2)
    await life.socket.end()
    bot.keyWrites = 'commit'
    const next = await open()
    await expect.poll(() => next.accepted.length, POLL).toBe(300)
    expect(whatsapp.truth().unhealedFailures).toBe(0)
  })

  it('that were written in a history are declined, and the live ones taken', async () => {
    const { whatsapp, account, open } = await start()
    const anna = whatsapp.addContact()
    const life = await open()
    const messages = Array.from({ length: 500 }, (_, index) => ({
      id: `OLD${index}`,
      text: `old ${index}`,
      atS: 1_700_000_000,
    }))
    await account.sendHistory([{ jid: anna.jid, messages }])
    await anna.say('live', { to: account })
    await life.accepts('live')
    expect(life.accepted.filter(({ text }) => text.startsWith('old'))).toEqual([])
  })
})

describe('a restriction of new chats', () => {
  const server = new BareWhatsApp()
  afterEach(() => server.close())

  it('is told to the owner, with its end', async () => {
    await server.listening()
    const bot = new WireBot({ url: server.url })
    await bot.store({ ...initAuthCreds(), me: { id: '491:5@s.whatsapp.net', lid: '77:5@lid' }, account: {} })
    const events: string[] = []
    await bot.connect({ accept: () => Promise.resolve(), onEvent: ({ type }) => events.push(type) })
    await expect.poll(() => events, POLL).toContain('open')
    const payload = { is_active: true, time_enforcement_ends: '1800000000', enforcement_type: 'DEFAULT' }
    const data = JSON.stringify({ data: { xwa2_notify_account_reachout_timelock: payload } })
    server.send(
      stanza('notification', { id: 'N1', from: 's.whatsapp.net', type: 'mex', t: '1700000000' }, [
        stanza('update', { op_name: 'NotificationUserReachoutTimelockUpdate' }, Buffer.from(data)),
      ]),
    )
    await expect
      .poll(() => bot.logger.lines, POLL)
      .toContainEqual({
        level: 'warn',
        event: 'whatsapp.new-chats-restricted',
        fields: { until: '2027-01-15T08:00:00.000Z' },
      })
    await bot.end()
  })
})
