/** What a client hears of its account's other devices about what it sent: by this it knows whether the phone is there. */

import type { BinaryNode } from '@whiskeysockets/baileys'
import { expect, it } from 'vitest'
import { jidOf } from '../../sim/whatsapp/directory/jid.ts'
import type { TestClient } from '../support/baileys-client.ts'
import { useWire } from '../support/wire-fixture.ts'

const { startServer, openClient } = useWire()

/** Receipts of the type that no contact sends, as `id from for-chat`, in order. */
function ownReceipts(client: TestClient): string[] {
  const heard: string[] = []
  client.socket.ws.on('CB:receipt', ({ attrs }: BinaryNode) => {
    const { id, type, from, participant, recipient = '-' } = attrs
    if (type === 'sender') heard.push([id, participant ?? from, recipient].join(' '))
  })
  return heard
}

it('confirm each with its own address: the phone without a number, a linked device with it', async () => {
  const server = await startServer()
  const account = server.addAccount()
  const alice = server.addContact({ addressing: 'lid' })
  const client = await openClient(server, account)
  const other = await openClient(server, account)
  const heard = ownReceipts(client)
  await client.socket.sendMessage(alice.lidJid, { text: 'hello' }, { messageId: 'ONE' })
  await other.message('hello')
  const [, device] = account.linkedDevices
  const numbered = jidOf(account, 'lid', device?.number)
  const expected = [`ONE ${account.lidJid} ${alice.lidJid}`, `ONE ${numbered} ${alice.lidJid}`]
  await expect.poll(() => heard.toSorted()).toEqual(expected.toSorted())
})

it('come in a group, too, and not from a phone that is off', async () => {
  const server = await startServer()
  const account = server.addAccount()
  const alice = server.addContact()
  const group = server.addGroup({ subject: 'g', participants: [account, alice] })
  const client = await openClient(server, account)
  const heard = ownReceipts(client)
  account.habits.confirmsOwn = false
  await client.socket.sendMessage(group.jid, { text: 'one' }, { messageId: 'ONE' })
  await account.inbox.waitFor('one')
  await account.idle()
  account.habits.confirmsOwn = true
  await client.socket.sendMessage(group.jid, { text: 'two' }, { messageId: 'TWO' })
  await expect
    .poll(() => heard)
    .toEqual([expect.stringMatching(`^TWO (${account.jid}|${account.lidJid}) -$`)])
})
