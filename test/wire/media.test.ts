/** Media of every kind between two unmodified clients and a simulated contact, over the fake's own media host. */

import { downloadMediaMessage } from '@whiskeysockets/baileys'
import type { AnyMessageContent, WAMessage } from '@whiskeysockets/baileys'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFakeWhatsApp, trustCertificate } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { Contact } from '../../sim/whatsapp/people/contact.ts'
import { connectClient, memoryAuth } from '../support/baileys-client.ts'
import type { TestClient } from '../support/baileys-client.ts'

/** Not a picture, so that a test would notice if anything had looked into it. Large enough for several chunks. */
const file = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) % 256))
/** Keeps Baileys from wanting image libraries. */
const jpegThumbnail = Buffer.from('small').toString('base64')

const kinds: [string, string, AnyMessageContent][] = [
  ['an image', 'imageMessage', { image: file, caption: 'look', jpegThumbnail }],
  ['a video', 'videoMessage', { video: file, jpegThumbnail }],
  ['a voice note', 'audioMessage', { audio: file, ptt: true, seconds: 3 }],
  ['a document', 'documentMessage', { document: file, mimetype: 'application/pdf', fileName: 'a.pdf' }],
  ['a sticker', 'stickerMessage', { sticker: file }],
]

let server: FakeWhatsApp
let ada: Contact
let adaChatsAs: string
let first: TestClient
let second: TestClient

beforeAll(async () => {
  server = await startFakeWhatsApp()
  trustCertificate(await server.certificate())
  ada = server.addContact({ name: 'Ada' })
  adaChatsAs = ada.jid
  const accounts = [server.addAccount(), server.addAccount()] as const
  ;[first, second] = [
    // One client by ws://, the other by wss://: both are on the same port.
    connectClient(server.url, memoryAuth(accounts[0].linkedDevice().creds)),
    connectClient(server.secureUrl, memoryAuth(accounts[1].linkedDevice().creds)),
  ]
  await Promise.all([first.opened(), second.opened()])
})
afterAll(async () => {
  await Promise.all([first.end(), second.end()])
  await server.close()
})

describe.each(kinds)('%s', (_, field, content) => {
  it('goes from one client to another with the same bytes', async () => {
    const jid = second.auth.creds.me?.id.replace(/:\d+/, '') ?? ''
    const sent = await first.socket.sendMessage(jid, content)
    const received = await second.message((message) => message.key.id === sent?.key.id)
    expect(Object.keys(received.message ?? {})).toContain(field)
    expect(await download(received)).toEqual(file)
  })

  it('goes from a client to a contact, and from a contact to a client', async () => {
    const sent = await first.socket.sendMessage(adaChatsAs, content)
    const atAda = await ada.inbox.waitFor((message) => message.id === sent?.key.id)
    expect(atAda.kind).toBe(field)
    expect(await server.mediaOf(atAda)).toEqual(file)

    const account = server.accounts[0]
    const kind = field.replace('Message', '') as 'image'
    if (account === undefined) throw new Error('no account')
    const id = await ada.say(await server.mediaMessage(kind, file), { to: account })
    expect(await download(await first.message((message) => message.key.id === id))).toEqual(file)
  })
})

describe('the media host', () => {
  it('keeps nothing that it could read', () => {
    expect(server.mediaFiles).toHaveLength(3 * kinds.length)
    for (const { bytes } of server.mediaFiles) expect(bytes).toBeGreaterThan(file.length)
  })
})

function download(message: WAMessage): Promise<Buffer> {
  return downloadMediaMessage(message, 'buffer', {})
}
