/** The bot process from pairing to answers, restarts in between: real processes, real Signal, real Postgres. */

import { describe, expect, it } from 'vitest'
import { botFixture } from '../support/bot-fixture.ts'

const POLL = { timeout: 10_000 }

describe('the bot process', () => {
  const start = botFixture()

  it('is paired by QR, answers in direct chats and groups, and needs no QR after a restart', async () => {
    const { whatsapp, boot } = await start()
    const account = whatsapp.addAccount()
    const [anna, ben] = [whatsapp.addContact(), whatsapp.addContact({ addressing: 'lid' })]
    const group = whatsapp.addGroup({ subject: 'Friends', participants: [anna, ben, account] })
    const first = boot()
    await account.scanQr(await first.qr())
    await first.open()
    await anna.say('.ping one', { to: account })
    await ben.say('.ping two', { to: account })
    await anna.inbox.waitFor('pong one')
    await ben.inbox.waitFor('pong two')
    await anna.say('.ping three', { to: group })
    expect(await ben.inbox.waitFor('pong three')).toMatchObject({ chat: group.jid, from: account.pn })
    expect(await first.terminate()).toEqual({ exitCode: 0, signal: null })

    await anna.say('.ping four', { to: account })
    await ben.say('.ping five', { to: group })
    const second = boot()
    const { status } = await second.open()
    expect(status.connection.qr).toBeUndefined()
    await anna.inbox.waitFor('pong four')
    expect(await anna.inbox.waitFor('pong five')).toMatchObject({ chat: group.jid })
    expect(whatsapp.truth()).toMatchObject({ unhealedFailures: 0, keyReuses: [], protocolErrors: 0 })
    expect(account.linkedDevices).toHaveLength(1)
  })

  it('is paired by a code', async () => {
    const { whatsapp, boot } = await start()
    const account = whatsapp.addAccount()
    const bot = boot({ PAIRING_PHONE_NUMBER: account.pn })
    await account.enterPairingCode(await bot.pairingCode())
    await bot.open()
    const anna = whatsapp.addContact()
    await anna.say('.ping', { to: account })
    expect(await anna.inbox.waitFor('pong')).toMatchObject({ from: account.pn })
  })

  it('answers each message that waited once, also when it is killed in the middle', async () => {
    const { whatsapp, boot } = await start()
    const account = whatsapp.addAccount()
    const contacts = Array.from({ length: 3 }, () => whatsapp.addContact())
    const first = boot()
    await account.scanQr(await first.qr())
    await first.open()
    for (const [index, contact] of contacts.entries()) await contact.say(`.ping ${index}`, { to: account })
    await contacts[0]?.inbox.waitFor('pong 0')
    await first.signal('SIGKILL')
    for (const [index, contact] of contacts.entries()) await contact.say(`.ping 1${index}`, { to: account })
    const second = boot()
    await second.open()
    for (const [index, contact] of contacts.entries()) {
      await contact.inbox.waitFor(`pong ${index}`)
      await contact.inbox.waitFor(`pong 1${index}`)
      expect(contact.inbox.length).toBe(2)
    }
    expect(whatsapp.truth()).toMatchObject({ unhealedFailures: 0, keyReuses: [] })
  })

  it('says `available` to nobody, unless it is set to', async () => {
    const { whatsapp, boot, link } = await start()
    await link(whatsapp.addAccount())
    const presences = (): string[] => whatsapp.truth().presences.map(({ type }) => type)
    const quiet = boot()
    await quiet.open()
    await expect.poll(presences, POLL).toContain('unavailable')
    await quiet.terminate()
    expect(presences()).not.toContain('available')
    await boot({ MARK_ONLINE_ON_CONNECT: 'yes' }).open()
    await expect.poll(presences, POLL).toContain('available')
  })
})
