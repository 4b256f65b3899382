/** Pairing on the wire with a store that is slow, and with a crash at its worst moment. */

import { initAuthCreds } from '@whiskeysockets/baileys'
import { describe, expect, it } from 'vitest'
import { wireScene } from '../support/wire-life.ts'

const POLL = { timeout: 10_000, interval: 5 }

describe('pairing', () => {
  const start = wireScene()

  it('is not answered before the credentials are stored, so that no phone lists a device without any', async () => {
    const { whatsapp, account, bot, connect } = await start()
    await bot.store(initAuthCreds())
    const before = account.linkedDevices.length
    const qrs: string[] = []
    const life = await connect(undefined, (qr) => qrs.push(qr))
    await expect.poll(() => qrs.length, POLL).toBeGreaterThan(0)
    bot.keyWrites = 'hang'
    const scanned = account.scanQr(qrs[0] ?? '').then(
      () => 'linked',
      () => 'not linked',
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    await whatsapp.idle()
    expect(account.linkedDevices).toHaveLength(before)
    await life.socket.end()
    expect(await Promise.race([scanned, Promise.resolve('not linked')])).toBe('not linked')
  })

  it('that WhatsApp never heard of, because we died before the answer, begins anew', async () => {
    const { account, bot, connect, open } = await start()
    const { creds } = account.linkedDevice()
    // Stored by a process that died before it could answer: the phone's account knows no such device.
    const [device] = account.linkedDevices.filter(
      ({ number }) => creds.me?.id.includes(`:${number}@`) === true,
    )
    if (device !== undefined) account.removeDevice(device)
    await bot.store({ ...creds, additionalData: { isPairingUnconfirmed: true } })
    const refused = await connect()
    expect(await refused.closed()).toEqual({
      statusCode: undefined,
      message: 'the pairing was not completed',
    })
    const qrs: string[] = []
    const again = await connect(undefined, (qr) => qrs.push(qr))
    await expect.poll(() => qrs.length, POLL).toBeGreaterThan(0)
    await account.scanQr(qrs[0] ?? '')
    expect(await again.closed()).toMatchObject({ statusCode: 515 })
    const life = await open()
    expect(life.events).toEqual(['open'])
  })

  it('that was confirmed long ago is not undone by a logout', async () => {
    const { account, open, connect } = await start()
    const life = await open()
    const [device] = account.linkedDevices
    if (device !== undefined) account.removeDevice(device)
    expect(await life.closed()).toMatchObject({ statusCode: 401 })
    expect(await (await connect()).closed()).toMatchObject({ statusCode: 401 })
  })
})
