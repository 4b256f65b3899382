import { proto } from '@whiskeysockets/baileys'
import { describe, expect, it } from 'vitest'
import { memoryAuth } from '../support/baileys-client.ts'
import { useWire } from '../support/wire-fixture.ts'

const { startServer, openClient, connect } = useWire()
const { DELIVERY_ACK, READ } = proto.WebMessageInfo.Status

describe('what a client misses', () => {
  it('waits for it and arrives in order, marked as old', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact()
    const auth = memoryAuth(account.linkedDevice().creds)
    for (const text of ['one', 'two', 'three']) await alice.say(text, { to: account })
    const client = connect(server, auth)
    await client.opened()
    await client.message('three')
    expect(client.upserts.map(({ type, message }) => [type, message.message?.conversation])).toEqual([
      ['append', 'one'],
      ['append', 'two'],
      ['append', 'three'],
    ])
  })

  it('is delivered again when it was not acknowledged, and not when it was', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact()
    const auth = memoryAuth(account.linkedDevice().creds)
    const first = connect(server, auth)
    await first.opened()
    await alice.say('acknowledged', { to: account })
    await first.message('acknowledged')
    await expect.poll(() => account.linkedDevices[0]?.mailbox.size).toBe(0)
    await first.end()
    await alice.say('missed', { to: account })
    const second = connect(server, auth)
    await second.opened()
    await second.message('missed')
    expect(second.upserts).toHaveLength(1)
    await expect.poll(() => account.linkedDevices[0]?.mailbox.size).toBe(0)
  })
})

describe('receipts', () => {
  it('tell the client of delivery and of reading', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact()
    const client = await openClient(server, account)
    const sent = await client.socket.sendMessage(alice.jid, { text: 'hi' })
    const status = (): number | undefined => client.statuses.get(sent?.key.id ?? '')
    await expect.poll(status).toBe(DELIVERY_ACK)
    alice.read(await alice.inbox.waitFor('hi'))
    await expect.poll(status).toBe(READ)
  })

  it('tell the contact of delivery and of reading', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact()
    const client = await openClient(server, account)
    const id = await alice.say('hi', { to: account })
    const { key } = await client.message('hi')
    await client.socket.readMessages([key])
    const mine = (): string[] => alice.receipts.filter((each) => each.id === id).map((each) => each.type)
    await expect.poll(mine).toEqual([expect.stringMatching('delivery|inactive'), 'read'])
  })

  it('may be about many messages at once', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact()
    const client = await openClient(server, account)
    const ids = [await alice.say('one', { to: account }), await alice.say('two', { to: account })]
    const keys = [(await client.message('one')).key, (await client.message('two')).key]
    await client.socket.readMessages(keys)
    const read = (): string[] => alice.receipts.filter((each) => each.type === 'read').map((each) => each.id)
    await expect.poll(read).toEqual(ids)
  })
})

describe('what could not be read', () => {
  it('is asked for again by the client, sent again by the contact, and healed', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact()
    const auth = memoryAuth(account.linkedDevice().creds)
    const client = connect(server, auth)
    await client.opened()
    await alice.say('first', { to: account })
    await client.socket.sendMessage((await client.message('first')).key.remoteJid ?? '', { text: 'answer' })
    await alice.inbox.waitFor('answer')
    auth.data.get('session')?.clear()
    await alice.say('unreadable at first', { to: account })
    await client.message('unreadable at first')
    expect(alice.receipts.map((each) => each.type)).toContain('retry')
  })

  it('is asked for again by the contact, sent again by the client, and healed', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact()
    const client = await openClient(server, account)
    await client.socket.sendMessage(alice.jid, { text: 'first' })
    await alice.inbox.waitFor('first')
    await alice.say('so that the session is settled', { to: account })
    await client.message('so that the session is settled')
    alice.forgetSessions()
    await client.socket.sendMessage(alice.jid, { text: 'unreadable at first' })
    await alice.inbox.waitFor('unreadable at first')
    const { failures, unhealedFailures } = server.truth()
    expect(failures).toHaveLength(1)
    expect(unhealedFailures).toBe(0)
  })

  it('stays unhealed in the truth when the contact does not ask', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact({ habits: { asksAgain: false } })
    const client = await openClient(server, account)
    await client.socket.sendMessage(alice.jid, { text: 'first' })
    await alice.inbox.waitFor('first')
    await alice.say('so that the session is settled', { to: account })
    await client.message('so that the session is settled')
    alice.forgetSessions()
    await client.socket.sendMessage(alice.jid, { text: 'unreadable' })
    await expect.poll(() => server.truth().unhealedFailures).toBe(1)
  })
})

describe('the own phone', () => {
  it("writes as the client's own messages", async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact()
    const client = await openClient(server, account)
    await account.say('from my phone', { to: alice })
    expect((await client.message('from my phone')).key).toMatchObject({ fromMe: true, remoteJid: alice.jid })
    expect((await alice.inbox.waitFor('from my phone')).from).toBe(account.pn)
  })

  it('sends its history', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact()
    const auth = memoryAuth(account.linkedDevice({ awaitsHistory: true }).creds)
    const client = connect(server, auth)
    await client.opened()
    const history = client.event('messaging-history.set')
    await account.sendHistory([
      { jid: alice.jid, name: 'Alice', messages: [{ id: 'OLD1', text: 'long ago', atS: 1_700_000_000 }] },
    ])
    const { messages, chats } = await history
    expect(messages.map((message) => message.message?.conversation)).toEqual(['long ago'])
    expect(chats.map((chat) => chat.id)).toEqual([alice.jid])
    await expect.poll(() => auth.creds.accountSyncCounter).toBe(1)
  })
})

describe('addressing', () => {
  it('by LID works both ways', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact({ addressing: 'lid' })
    const client = await openClient(server, account)
    await alice.say('hi', { to: account })
    const { key } = await client.message('hi')
    expect(key).toMatchObject({ remoteJid: alice.lidJid, remoteJidAlt: alice.jid, addressingMode: 'lid' })
    const sent = await client.socket.sendMessage(alice.lidJid, { text: 'hello' })
    await alice.inbox.waitFor('hello')
    await expect.poll(() => client.statuses.get(sent?.key.id ?? '')).toBe(DELIVERY_ACK)
  })

  it('reaches every device that a contact and the account have', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact({ devices: 3 })
    const [first, second] = [await openClient(server, account), await openClient(server, account)]
    await first.socket.sendMessage(alice.jid, { text: 'to all of you' })
    await alice.inbox.waitFor('to all of you')
    await server.idle()
    expect(alice.inbox.messages.map((message) => new Set(message.openedBy))).toEqual([new Set([0, 1, 2])])
    expect((await second.message('to all of you')).key).toMatchObject({ fromMe: true, remoteJid: alice.jid })
    await alice.say('from my laptop', { to: account, fromDevice: 2 })
    expect((await first.message('from my laptop')).key.remoteJid).toBe(alice.jid)
    await second.message('from my laptop')
    expect(server.truth().unhealedFailures).toBe(0)
  })
})

describe('queries', () => {
  it('that the server does not know are answered and counted', async () => {
    const server = await startServer()
    const client = await openClient(server, server.addAccount())
    const answer = (await client.socket.query({
      tag: 'iq',
      attrs: { to: 's.whatsapp.net', type: 'get', xmlns: 'never:heard' },
      content: [{ tag: 'of', attrs: {} }],
    })) as { attrs: Record<string, string> }
    expect(answer.attrs['type']).toBe('result')
    expect(server.truth().unknownQueries).toEqual({ 'never:heard/get/of': 1 })
  })

  it('for who is on WhatsApp tell contacts from strangers', async () => {
    const server = await startServer()
    const alice = server.addContact()
    const client = await openClient(server, server.addAccount())
    const found = await client.socket.onWhatsApp(alice.pn, '19998887777')
    // Baileys leaves strangers out of its answer.
    expect(found).toEqual([{ jid: alice.jid, exists: true }])
  })

  it('that keep the connection alive are answered', async () => {
    const server = await startServer()
    await openClient(server, server.addAccount(), { keepAliveIntervalMs: 20 })
    await expect.poll(() => server.truth().queries['w:p/get/ping']).toBeGreaterThan(2)
  })
})
