import { afterEach, describe, expect, it } from 'vitest'
import { startFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import { connectClient, memoryAuth } from '../support/baileys-client.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { TestClient } from '../support/baileys-client.ts'

const servers: FakeWhatsApp[] = []
const clients: TestClient[] = []

async function startServer(): Promise<FakeWhatsApp> {
  const server = await startFakeWhatsApp()
  servers.push(server)
  return server
}

function connect(...given: Parameters<typeof connectClient>): TestClient {
  const client = connectClient(...given)
  clients.push(client)
  return client
}

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end()
  for (const server of servers.splice(0)) await server.close()
})

describe('a linked device', () => {
  it('logs in without any pairing, and chats both ways', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact({ name: 'Alice' })
    const client = connect(server.url, memoryAuth(account.linkedDevice().creds))
    await client.opened()

    await alice.say('hello bot', { to: account })
    const received = await client.message('hello bot')
    expect(received).toMatchObject({ pushName: 'Alice', key: { remoteJid: alice.jid, fromMe: false } })

    await client.socket.sendMessage(alice.jid, { text: 'hello Alice' })
    expect(await alice.inbox.waitFor('hello Alice')).toMatchObject({ from: account.pn, chat: account.jid })
    await alice.say('and again', { to: account })
    await client.message('and again')
    expect(await account.inbox.waitFor('hello Alice')).toMatchObject({ isOwn: true, chat: alice.jid })
    expect(server.truth()).toMatchObject({
      failures: [],
      keyReuses: [],
      unknownQueries: {},
      protocolErrors: 0,
    })
  })
})

describe('pairing by QR', () => {
  it('ends with 515, and the next login is open', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const auth = memoryAuth()
    const first = connect(server.url, auth)
    await account.scanQr(await first.qr())
    expect(await first.closed()).toMatchObject({ code: 515 })
    const second = connect(server.url, auth)
    await second.opened()
    expect(auth.creds.me).toMatchObject({ id: `${account.pn}:5@s.whatsapp.net` })
  })
})
