/**
 * Bot processes that are killed, suspended and doubled: afterwards the session works without a QR, nobody is
 * answered twice, and no contact is left with a message that it cannot read.
 */

import * as fc from 'fast-check'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import type { BotChild } from '../../sim/demo/bot-child.ts'
import type { Account } from '../../sim/whatsapp/people/account.ts'
import type { Contact } from '../../sim/whatsapp/people/contact.ts'
import { botFixture } from '../support/bot-fixture.ts'

const RUNS = 3
const OWNER = '11111111-1111-4111-8111-111111111111'

function delay(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs))
}

/** Open, or wanting to be paired. */
async function settled(bot: BotChild): Promise<'open' | 'qr'> {
  const { status } = await bot.until(
    'open or showing a QR code',
    ({ status: { connection } }) => connection.state === 'open' || connection.qr !== undefined,
  )
  return status.connection.state === 'open' ? 'open' : 'qr'
}

function answersOf(contact: Contact): string[] {
  return contact.inbox.messages.map(({ text }) => text ?? '').toSorted()
}

describe('a bot process that is killed at any moment', () => {
  const start = botFixture()

  it('is logged in again without a QR, and answers each command once', { timeout: 120_000 }, async () => {
    const moment = fc.integer({ min: 0, max: 500 })
    await fc.assert(
      fc.asyncProperty(fc.tuple(moment, moment, moment), async ([inPairing, inTraffic, inReplay]) => {
        const { whatsapp, boot: bootAs } = await start()
        // As a supervisor starts them anew, which takes no wait for the lease; the last is another dyno's.
        const boot = (): BotChild => bootAs({ SESSION_OWNER: OWNER })
        const account = whatsapp.addAccount()
        const contacts = [whatsapp.addContact(), whatsapp.addContact({ addressing: 'lid' })]
        const group = whatsapp.addGroup({ subject: 'g', participants: [...contacts, account] })
        await killedWhilePairing(boot(), account, inPairing)
        const wasLinked = account.linkedDevices.length > 0
        const second = boot()
        const state = await settled(second)
        expect(state).toBe(wasLinked ? 'open' : 'qr')
        if (state === 'qr') await account.scanQr(await second.qr())
        await second.open()

        const ask = async (round: number): Promise<void> => {
          for (const contact of contacts) await contact.say(`.ping ${round}`, { to: account })
          await contacts[0]?.say(`.ping g${round}`, { to: group })
        }
        await ask(1)
        await delay(inTraffic)
        await second.signal('SIGKILL')
        await ask(2)
        const third = boot()
        await delay(600 + inReplay)
        await third.signal('SIGKILL')
        const last = bootAs()
        expect(await settled(last)).toBe('open')
        await ask(3)
        const groupAnswers = ['pong g1', 'pong g2', 'pong g3']
        for (const contact of contacts) {
          for (const answer of ['pong 1', 'pong 2', 'pong 3', ...groupAnswers])
            await contact.inbox.waitFor(answer)
          expect(answersOf(contact)).toHaveLength(6 + (contact === contacts[0] ? 0 : groupAnswers.length))
        }
        await whatsapp.idle()
        expect(whatsapp.truth()).toMatchObject({ unhealedFailures: 0, keyReuses: [], protocolErrors: 0 })
        await last.signal('SIGKILL')
      }),
      { numRuns: RUNS },
    )
  })
})

/** The phone scans; the process dies so long after. */
async function killedWhilePairing(bot: BotChild, account: Account, afterMs: number): Promise<void> {
  const qr = await bot.qr()
  const scanning = account.scanQr(qr).catch(() => undefined)
  await delay(afterMs / 10)
  await bot.signal('SIGKILL')
  await Promise.race([scanning, delay(200)])
}

/** The epoch under which credentials or keys were written last. */
async function newestWriteEpoch(databaseUrl: string, sessionId: string): Promise<number> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query<{ epoch: string }>(
    'SELECT epoch FROM blacksky_writes WHERE session_id = $1',
    [sessionId],
  )
  await client.end()
  return Number(rows[0]?.epoch)
}

describe('two bot processes on one session', () => {
  const start = botFixture()

  it('are never both connected: the second waits, and takes over when the first is suspended too long', async () => {
    const { whatsapp, boot, link, databaseUrl, sessionId } = await start()
    const account = whatsapp.addAccount()
    const anna = whatsapp.addContact()
    await link(account)
    const first = boot()
    await first.open()
    await anna.say('.ping 1', { to: account })
    await anna.inbox.waitFor('pong 1')
    const second = boot()
    await second.until(
      'standing by',
      ({ status }) => status.connection.state === 'standby' && status.lease.status !== 'held',
    )
    await delay(1_000)
    expect(whatsapp.truth().connections).toHaveLength(1)

    first.suspend(true)
    await anna.say('.ping 2', { to: account })
    await second.open()
    await anna.inbox.waitFor('pong 2')
    first.suspend(false)
    await first.until('standing by', ({ status }) => status.connection.state === 'standby')
    await anna.say('.ping 3', { to: account })
    await anna.inbox.waitFor('pong 3')
    await delay(500)
    expect(answersOf(anna)).toEqual(['pong 1', 'pong 2', 'pong 3'])
    expect(whatsapp.truth()).toMatchObject({ unhealedFailures: 0, keyReuses: [] })
    // No write of the suspended one has landed after those of its successor.
    const lease = second.report?.status.lease
    expect(lease).toMatchObject({ status: 'held', epoch: await newestWriteEpoch(databaseUrl, sessionId) })
  })

  it('hand the session over at once when the first is stopped in order', async () => {
    const { whatsapp, boot, link } = await start()
    const account = whatsapp.addAccount()
    const anna = whatsapp.addContact()
    await link(account)
    const first = boot()
    await first.open()
    const second = boot()
    await second.until('standing by', ({ status }) => status.connection.state === 'standby')
    await first.terminate()
    await second.open()
    await anna.say('.ping', { to: account })
    expect(await anna.inbox.waitFor('pong')).toMatchObject({ from: account.pn })
  })
})
