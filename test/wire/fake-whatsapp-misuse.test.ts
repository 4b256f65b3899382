/** What a library's user may do wrong, and what a server leaves behind when it is closed in the middle of everything. */

import { spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp, FakeWhatsAppOptions } from '../../sim/whatsapp/fake-whatsapp.ts'

const ENTRY = join(import.meta.dirname, '..', '..', 'sim', 'whatsapp', 'fake-whatsapp.ts')

let server: FakeWhatsApp
beforeEach(async () => {
  server = await startFakeWhatsApp()
})
afterEach(() => server.close())

describe('a start that cannot be', () => {
  it.each<[string, FakeWhatsAppOptions, RegExp]>([
    ['a port out of range', { port: 70_000 }, /port should be/],
    ['a certificate that is none', { tls: { key: 'x', cert: 'y' } }, /PEM/i],
  ])('%s is refused', async (_, options, what) => {
    await expect(startFakeWhatsApp(options)).rejects.toThrow(what)
  })

  it('a port that another server has is refused', async () => {
    await expect(startFakeWhatsApp({ port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

describe('wrong use says what is wrong', () => {
  const cases: [string, () => unknown, string][] = [
    ['no devices', () => server.addContact({ devices: 0 }), 'devices: 0 is not a whole number from 1'],
    ['a taken number', () => server.addContact({ phoneNumber: server.addAccount().pn }), 'is taken'],
    ['a number with a plus', () => server.addContact({ phoneNumber: '+4915550001' }), '5 to 15 digits'],
    ['an empty group', () => server.addGroup({ subject: 'G', participants: [] }), 'at least one'],
    ['no subject', () => server.addGroup({ subject: '', participants: [server.addContact()] }), 'subject'],
    [
      'to a jid',
      () => server.addContact().say('x', { to: server.addAccount().jid as never }),
      'as it was added',
    ],
    ['to nobody', () => server.addContact().say('x', { to: undefined as never }), 'as it was added'],
    [
      'nothing',
      () => server.addContact().say(undefined as never, { to: server.addAccount() }),
      'what to say',
    ],
    [
      'an unknown device',
      () => server.addContact().say('x', { to: server.addAccount(), fromDevice: 9 }),
      'only 0',
    ],
    ['no QR', () => server.addAccount().scanQr('x'), 'not the QR text'],
    [
      'an unknown medium',
      () => server.mediaMessage('hologram' as never, Buffer.from('x')),
      'no kind of media',
    ],
    ['an unknown fault', () => server.inject({ kind: 'quake' } as never), 'is none of'],
    [
      'a fault too long',
      () => server.inject({ kind: 'stall', forMs: 1e12 }),
      '"forMs" must be a whole number',
    ],
    ['a fault that never strikes', () => server.inject({ kind: 'stall', times: 0 }), '"times" must be'],
  ]
  it.each(cases)('%s', async (_, use, what) => {
    await expect((async () => use())()).rejects.toThrow(what)
    expect(server.contacts.filter((contact) => contact.devices.size === 0)).toEqual([])
    expect(server.groups).toEqual([])
    expect(server.faults).toEqual([])
  })
})

describe('a closed server', () => {
  it('stays closed: no fault, lifted or new, opens it again', async () => {
    const fault = await server.inject({ kind: 'refuse' })
    await server.close()
    await fault.lift()
    await expect(server.inject({ kind: 'refuse' })).rejects.toThrow('is closed')
    expect(await isListening(server.port)).toBe(false)
  })

  it('ends the waiting of those who still wait', async () => {
    const waiting = server
      .addContact()
      .inbox.waitFor('never')
      .catch((error: unknown) => String(error))
    await server.close()
    expect(await waiting).toContain('was closed while waiting')
  })

  it('lets its process end, whatever was going on', () => {
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', busyProgram], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })
})

/** Leaves everything open that can be, closes the server, and ends when nothing holds it any more. */
const busyProgram = `
  import { connect } from 'node:net'
  import { once } from 'node:events'
  const { startFakeWhatsApp } = await import(${JSON.stringify(ENTRY)})
  const server = await startFakeWhatsApp()
  const [owner, ada] = [server.addAccount(), server.addContact()]
  owner.linkedDevice()
  for (const text of ['', 'GET', '\\x16\\x03', 'POST /admin/scan HTTP/1.1\\r\\nhost: localhost\\r\\ncontent-length: 9\\r\\ncontent-type: application/json\\r\\n\\r\\n{']) {
    const client = connect(server.port, '127.0.0.1').on('error', () => undefined)
    await once(client, 'connect')
    client.write(text, 'latin1')
  }
  const socket = new WebSocket(server.url)
  socket.onerror = () => undefined
  await new Promise((resolve) => (socket.onopen = resolve))
  await (await fetch(server.adminUrl)).text()
  await server.inject({ kind: 'slow', delayMs: 60_000, forMs: 60_000 })
  await server.inject({ kind: 'reorder', window: 5 })
  await server.inject({ kind: 'black-hole', forMs: 60_000 })
  ada.inbox.waitFor('never', { timeoutMs: 60_000 }).catch(() => undefined)
  await ada.say('hello', { to: owner })
  await server.close()
`

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
