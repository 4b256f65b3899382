import { describe, expect, it } from 'vitest'
import { memoryAuth } from '../support/baileys-client.ts'
import { useWire } from '../support/wire-fixture.ts'

const { startServer, openClient, connect } = useWire()

describe('a linked device', () => {
  it('logs in without any pairing, and chats both ways', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact({ name: 'Alice' })
    const client = await openClient(server, account)

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

  it('is refused with 401 by a server that does not know it', async () => {
    const [server, other] = [await startServer(), await startServer()]
    const client = connect(other, memoryAuth(server.addAccount().linkedDevice().creds))
    expect(await client.closed()).toMatchObject({ code: 401 })
  })

  it('is replaced, with 440, when it logs in a second time', async () => {
    const server = await startServer()
    const auth = memoryAuth(server.addAccount().linkedDevice().creds)
    const first = connect(server, auth)
    await first.opened()
    const second = connect(server, auth)
    expect(await first.closed()).toMatchObject({ code: 440 })
    await second.opened()
  })

  it('brings at its next connection the routing that it was given', async () => {
    const server = await startServer()
    const auth = memoryAuth(server.addAccount().linkedDevice().creds)
    for (const expected of [undefined, Buffer.from('fake').toString('hex')]) {
      const client = connect(server, auth)
      await client.opened()
      expect(server.truth().connections.at(-1)?.routing).toBe(expected)
      await client.end()
    }
  })

  it('is refused with 405 when it calls itself older than the server takes', async () => {
    const server = await startServer({ minVersion: [2, 3000, 5] })
    const auth = memoryAuth(server.addAccount().linkedDevice().creds)
    expect(await connect(server, auth, { version: [2, 3000, 4] }).closed()).toMatchObject({ code: 405 })
    await connect(server, auth, { version: [2, 3000, 5] }).opened()
  })

  it('is closed with 401 and never let in again when the phone removes it', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const auth = memoryAuth(account.linkedDevice().creds)
    const client = connect(server, auth)
    await client.opened()
    const [device] = account.linkedDevices
    if (device !== undefined) account.removeDevice(device)
    expect(await client.closed()).toMatchObject({ code: 401 })
    expect(await connect(server, auth).closed()).toMatchObject({ code: 401 })
  })

  it('is gone when it logs out', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const client = await openClient(server, account)
    await client.socket.logout()
    expect(await client.closed()).toMatchObject({ code: 401 })
    await expect.poll(() => account.linkedDevices).toEqual([])
  })
})

describe('pairing by QR', () => {
  it('ends with 515, and the next login is open', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const auth = memoryAuth()
    const first = connect(server, auth)
    await account.scanQr(await first.qr())
    expect(await first.closed()).toMatchObject({ code: 515 })
    await connect(server, auth).opened()
    expect(auth.creds.me).toMatchObject({ id: `${account.pn}:5@s.whatsapp.net` })
    expect(account.linkedDevices.map((device) => device.preKeyCount)).toEqual([812])
  })

  it('closes with 408 when nobody has scanned any of the texts', async () => {
    const server = await startServer({ qrRefs: 2 })
    const client = connect(server, memoryAuth(), { qrTimeout: 30 })
    expect(await client.closed()).toEqual({ code: 408, message: 'QR refs attempts ended' })
    expect(client.updates.filter((update) => update.qr !== undefined)).toHaveLength(2)
    await expect.poll(() => server.waitingForPairing).toBe(0)
  })

  it('says what is wrong with a text that no client here shows', async () => {
    const server = await startServer()
    const account = server.addAccount()
    await expect(account.scanQr('hello')).rejects.toThrow('not the QR text')
    await expect(account.scanQr('2@x,a,b,c')).rejects.toThrow('no client waits')
  })
})

describe('pairing by code', () => {
  it('ends with 515, and the next login is open', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const auth = memoryAuth()
    const first = connect(server, auth)
    await first.qr()
    const code = await first.socket.requestPairingCode(account.pn)
    await expect.poll(async () => account.enterPairingCode(code).then(() => 'paired', String)).toBe('paired')
    expect(await first.closed()).toMatchObject({ code: 515 })
    await connect(server, auth).opened()
    expect(auth.creds.registered).toBe(true)
  })

  it('fails for another code than the client shows', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const client = connect(server, memoryAuth())
    await client.qr()
    await client.socket.requestPairingCode(account.pn, 'AAAAAAAA')
    await expect.poll(async () => account.enterPairingCode('BBBB-BBBB').catch(String)).toMatch('not the one')
    expect(account.linkedDevices).toEqual([])
  })

  it('needs a client that has asked for one', async () => {
    const account = (await startServer()).addAccount()
    await expect(account.enterPairingCode('AAAAAAAA')).rejects.toThrow('no client has asked')
  })
})

describe('many servers', () => {
  it('live side by side in one process without knowing of each other', async () => {
    const servers = await Promise.all(Array.from({ length: 10 }, async () => startServer()))
    await Promise.all(
      servers.map(async (server, index) => {
        const account = server.addAccount()
        const contact = server.addContact()
        const client = await openClient(server, account)
        await contact.say(`for ${index}`, { to: account })
        await client.message(`for ${index}`)
        expect(client.upserts).toHaveLength(1)
      }),
    )
  })
})
