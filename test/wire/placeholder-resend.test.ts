/** A linked device that cannot read a message has it from its own phone, without its writer's help. */

import { expect, it } from 'vitest'
import { textOf } from '../support/baileys-client.ts'
import { useWire } from '../support/wire-fixture.ts'
import { wireScene } from '../support/wire-life.ts'

const { startServer, openClient } = useWire()
const start = wireScene()

/** Baileys waits 2 s before it asks, and 3 s more when it does so unbidden. */
const PATIENCE_MS = 15_000
const TIMEOUT_MS = PATIENCE_MS + 5_000

it('the phone sends again what Baileys asks it for', async () => {
  const server = await startServer()
  const account = server.addAccount()
  const client = await openClient(server, account)
  const id = await server.addContact().say('read me again', { to: account })
  const { key } = await client.message('read me again')
  // The number of the request, which Baileys puts beside it, is lost when it gathers events.
  const answer = client.event('messages.upsert', ({ messages }) =>
    messages.some((message) => message.key.id === id),
  )
  await client.socket.requestPlaceholderResend(key)
  const again = (await answer).messages.filter((message) => message.key.id === id)
  expect(again.map(textOf)).toEqual(['read me again'])
})

it(
  'the bot takes a message from its phone that it could not read and nobody sends again',
  async () => {
    const { whatsapp, account, open } = await start()
    const anna = whatsapp.addContact({ habits: { sendsAgain: false } })
    const group = whatsapp.addGroup({ subject: 'g', participants: [anna, account] })
    const life = await open()
    const [device] = account.linkedDevices
    // Anna believes that the bot has the group's key.
    anna.simulatedDevice(0).mail.senderKeys.holders(group.jid).add(`${account.lid}.${device?.number}`)
    const id = await anna.say('.ping', { to: group })
    await expect.poll(() => life.accepted, { timeout: PATIENCE_MS }).toHaveLength(1)
    const expected = { id, chat: group.jid, text: '.ping', isFromMe: false, kind: 'append' }
    expect(life.accepted).toMatchObject([expected])
  },
  TIMEOUT_MS,
)
