import { describe, expect, it } from 'vitest'
import { StoredSession, World } from './whatsapp-world.ts'
import type { Bot } from './whatsapp-world.ts'

const ANNA = 'anna@s.whatsapp.net'
const SECOND_MS = 1_000

interface Linked {
  readonly world: World
  readonly stored: StoredSession
  readonly bot: Bot
}

async function linked(): Promise<Linked> {
  const world = new World()
  const stored = new StoredSession(world.server.linkedCreds())
  const bot = world.boot(stored)
  bot.connect()
  await world.runMs(2 * SECOND_MS)
  return { world, stored, bot }
}

describe('the phone of the fake account', () => {
  it('answers each message of the bot’s within seconds, with the time of its answer', async () => {
    const { world, bot } = await linked()
    bot.send('R1', ANNA)
    await world.runMs(5 * SECOND_MS)
    bot.send('R2', ANNA)
    await world.runMs(5 * SECOND_MS)
    expect(bot.phoneSigns).toHaveLength(2)
    for (const [index, signMs] of bot.phoneSigns.entries()) {
      const sentAtMs = 2 * SECOND_MS + index * 5 * SECOND_MS
      expect(signMs % SECOND_MS).toBe(0)
      expect(signMs).toBeGreaterThan(sentAtMs - SECOND_MS)
      expect(signMs).toBeLessThan(sentAtMs + 3 * SECOND_MS)
    }
  })

  it('says nothing while it is off, counts what it missed, and answers once when it is on again', async () => {
    const { world, bot } = await linked()
    const { faults } = world.server
    faults.phoneIs('off')
    for (const id of ['R1', 'R2', 'R3']) bot.send(id, ANNA)
    bot.socket?.probe().catch(() => undefined)
    await world.runMs(60 * SECOND_MS)
    expect([bot.phoneSigns, faults.strikes()['phone-off']]).toEqual([[], 4])
    faults.phoneIs('on')
    await world.runMs(5 * SECOND_MS)
    expect(bot.phoneSigns).toHaveLength(1)
    faults.phoneIs('on')
    await world.runMs(5 * SECOND_MS)
    expect(bot.phoneSigns).toHaveLength(1)
  })

  it('says nothing about a message that the server refused', async () => {
    const { world, bot } = await linked()
    world.server.faults.errorAck(463, 1)
    bot.send('R1', ANNA)
    await world.runMs(5 * SECOND_MS)
    expect(bot.phoneSigns).toEqual([])
  })

  it('is heard by the next connection when it answered in between, with the time at which it did', async () => {
    const { world, stored, bot } = await linked()
    const { faults } = world.server
    faults.phoneIs('off')
    bot.send('R1', ANNA)
    await world.runMs(SECOND_MS)
    void bot.socket?.end()
    await world.runMs(SECOND_MS)
    faults.phoneIs('on')
    await world.runMs(60 * SECOND_MS)
    const next = world.boot(stored)
    next.connect()
    await world.runMs(5 * SECOND_MS)
    expect(bot.phoneSigns).toEqual([])
    expect(next.phoneSigns).toHaveLength(1)
    expect(next.phoneSigns[0]).toBeLessThan(8 * SECOND_MS)
  })

  it('is not heard by a deaf connection', async () => {
    const { world, bot } = await linked()
    bot.send('R1', ANNA)
    await world.runMs(50)
    world.server.faults.setDeaf('acknowledging')
    await world.runMs(5 * SECOND_MS)
    expect(bot.phoneSigns).toEqual([])
  })
})
