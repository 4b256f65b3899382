/**
 * Baileys 6.7.24, unmodified, against the same server: it pairs, opens, sends and receives. It checks no root of
 * the certificate chain, so there is nothing to make it trust.
 */

import * as baileys6 from 'baileys-6'
import type { ConnectionState, WAMessage } from 'baileys-6'
import { afterEach, describe, expect, it } from 'vitest'
import { startFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import { silenceLibraryConsole } from '../../src/adapters/baileys-console.ts'
import { memoryAuth } from '../support/baileys-client.ts'

type Socket = ReturnType<typeof baileys6.makeWASocket>

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

describe('Baileys 6.7.24', () => {
  it('logs in as a linked device, sends and receives, alone and in a group', async () => {
    const server = await start()
    const owner = server.addAccount()
    const [ada, ben] = [
      server.addContact({ name: 'Ada' }),
      server.addContact({ name: 'Ben', addressing: 'lid' }),
    ]
    const team = server.addGroup({ subject: 'Team', participants: [ada, ben, owner] })
    const socket = connect(server, owner.linkedDevice().creds)
    await updateOf(socket, ({ connection }) => connection === 'open')

    const hello = textOf(socket, 'hello from Ada')
    await ada.say('hello from Ada', { to: owner })
    expect((await hello).pushName).toBe('Ada')
    const hidden = textOf(socket, 'hello from Ben')
    await ben.say('hello from Ben', { to: owner })
    await hidden
    const toAll = textOf(socket, 'hello all')
    await ben.say('hello all', { to: team })
    expect((await toAll).key.remoteJid).toBe(team.jid)

    await socket.sendMessage(ada.jid, { text: 'hello Ada' })
    await ada.inbox.waitFor('hello Ada')
    await socket.sendMessage(team.jid, { text: 'hello Team' })
    await ada.inbox.waitFor('hello Team')
    await ben.inbox.waitFor('hello Team')
    expect(server.truth()).toMatchObject({ failures: [], keyReuses: [], protocolErrors: 0 })
  })

  it('pairs by QR and comes back after 515', async () => {
    const server = await start()
    const owner = server.addAccount()
    const auth = memoryAuth(baileys6.initAuthCreds())
    const first = connect(server, auth.creds, auth.keys)
    const { qr = '' } = await updateOf(first, (update) => update.qr !== undefined)
    const closed = updateOf(first, ({ connection }) => connection === 'close')
    await owner.scanQr(qr)
    expect((await closed).lastDisconnect?.error).toMatchObject({ output: { statusCode: 515 } })
    const second = connect(server, auth.creds, auth.keys)
    await updateOf(second, ({ connection }) => connection === 'open')
    const ada = server.addContact()
    await second.sendMessage(ada.jid, { text: 'here I am' })
    await ada.inbox.waitFor('here I am')
  })
})

async function start(): Promise<FakeWhatsApp> {
  const server = await startFakeWhatsApp()
  endings.push(() => server.close())
  return server
}

function connect(server: FakeWhatsApp, creds: object, keys = memoryAuth(creds as never).keys): Socket {
  silenceLibraryConsole()
  const logger = {
    level: 'silent',
    trace() {},
    debug() {},
    info() {},
    warn() {},
    error() {},
    child: () => logger,
  }
  const socket = baileys6.makeWASocket({
    waWebSocketUrl: server.url,
    auth: { creds, keys } as never,
    logger,
  })
  socket.ev.on('creds.update', (update) => {
    Object.assign(creds, update)
  })
  endings.push(() => socket.end(undefined))
  return socket
}

function updateOf(
  socket: Socket,
  matches: (update: Partial<ConnectionState>) => boolean,
): Promise<Partial<ConnectionState>> {
  return new Promise((resolve) => {
    socket.ev.on('connection.update', (update) => {
      if (matches(update)) resolve(update)
    })
  })
}

function textOf(socket: Socket, text: string): Promise<WAMessage> {
  return new Promise((resolve) => {
    socket.ev.on('messages.upsert', ({ messages }) => {
      const found = messages.find(({ message }) => message?.conversation === text)
      if (found !== undefined) resolve(found)
    })
  })
}
