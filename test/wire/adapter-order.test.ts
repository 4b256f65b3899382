/** Messages are taken in the order in which they were written, however long the store takes over each. */

import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { InMemoryDatabase } from '../../sim/fakes/in-memory-database.ts'
import { InMemorySessionStore } from '../../sim/fakes/in-memory-session-store.ts'
import type { SessionStore } from '../../src/ports/session-store.ts'
import { WireBot } from '../support/wire-bot.ts'
import { useWire } from '../support/wire-fixture.ts'
import { wireScene } from '../support/wire-life.ts'

const MESSAGES = 6
const POLL = { timeout: 10_000 }
const { startServer } = useWire()
const start = wireScene()
const bots: WireBot[] = []
afterEach(async () => {
  await Promise.all(bots.splice(0).map((bot) => bot.end()))
})

/** The first read takes longest, as when each caller of a database that was away tries again in its own time. */
function slowStore(): { readonly store: SessionStore; readonly slowDown: () => void } {
  const store = new InMemorySessionStore({ database: new InMemoryDatabase(), sessionId: 'session' })
  const readKeys = store.readKeys.bind(store)
  let latencyMs = 0
  store.readKeys = async (query) => {
    const ownMs = latencyMs
    latencyMs = Math.max(0, latencyMs - 60)
    await delay(ownMs)
    return readKeys(query)
  }
  return { store, slowDown: () => (latencyMs = 360) }
}

it.each(['while the bot is there', 'while it is away', 'before and after it comes'] as const)(
  'a group’s messages %s are read at once, the one with the key first',
  async (when) => {
    const whatsapp = await startServer()
    const account = whatsapp.addAccount()
    const { store, slowDown } = slowStore()
    const bot = new WireBot({ url: whatsapp.url, store })
    bots.push(bot)
    await bot.store(account.linkedDevice().creds)
    const anna = whatsapp.addContact({ addressing: 'lid' })
    const group = whatsapp.addGroup({ subject: 'g', participants: [anna, account] })
    const accepted: string[] = []
    const opened = Promise.withResolvers<void>()
    const connect = async (): Promise<void> => {
      slowDown()
      await bot.connect({
        accept: async ({ text }) => void accepted.push(text),
        onEvent: ({ type }) => {
          if (type === 'open') opened.resolve()
        },
      })
      await opened.promise
    }
    const say = async (from: number, to: number): Promise<void> => {
      for (let number = from; number < to; number += 1) await anna.say(`${number}`, { to: group })
    }
    const awayCount = { 'while the bot is there': 0, 'while it is away': 6, 'before and after it comes': 3 }[
      when
    ]
    await say(0, awayCount)
    await connect()
    slowDown()
    await say(awayCount, MESSAGES)
    await expect.poll(() => accepted.length, POLL).toBe(MESSAGES)
    expect(accepted).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(anna.receipts.filter(({ type }) => type === 'retry')).toEqual([])
  },
)

it('a group’s messages that WhatsApp itself brings in another order are read, too', async () => {
  const { whatsapp, account, open } = await start()
  const anna = whatsapp.addContact()
  const group = whatsapp.addGroup({ subject: 'g', participants: [anna, account] })
  const life = await open()
  await anna.say('with the key', { to: group })
  await life.accepts('with the key')
  const reordering = await whatsapp.inject({ kind: 'reorder', window: 3 })
  for (const text of ['1', '2', '3']) await anna.say(text, { to: group })
  await life.accepts('1')
  expect(reordering.struck).toBe(1)
  expect(life.accepted.map(({ text }) => text)).toEqual(['with the key', '3', '2', '1'])
  expect(anna.receipts.filter(({ type }) => type === 'retry')).toEqual([])
})
