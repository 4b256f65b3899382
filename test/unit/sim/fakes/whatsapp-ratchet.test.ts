import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { receiveStep, sendStep } from '../../../../sim/fakes/whatsapp-ratchet.ts'
import type { WhatsappTotals } from '../../../../sim/fakes/whatsapp-truth.ts'
import { World, openBot } from './whatsapp-world.ts'

const ALICE = 'alice@s.whatsapp.net'
const GROUP = 'friends@g.us'

/** Sends in a chat, kills the process at a moment, and goes on with a new process on what was committed. */
async function killAndGoOn(options: {
  readonly seed: string
  readonly adapter: 'sound' | 'plain'
  readonly chat: string
  readonly killAfterMs: number
  readonly doLateWritesLand: boolean
}): Promise<Readonly<WhatsappTotals>> {
  const { seed, adapter, chat, killAfterMs } = options
  const world = new World(seed)
  world.doLateWritesLand = options.doLateWritesLand
  world.commitMs = 40
  const { bot, stored } = await openBot(world, adapter)
  bot.send('R1', chat)
  await world.runMs(500)
  bot.send('R2', chat)
  bot.send('R3', chat)
  await world.runMs(killAfterMs)
  bot.process.kill()
  await world.runMs(1_000)
  const next = world.boot(stored, adapter)
  next.connect()
  await world.runMs(3_000)
  next.send('R4', chat)
  next.send('R5', chat)
  await world.runMs(1_000)
  expect(world.misdeeds).toEqual([])
  expect(world.server.truth.outgoing.has('R5')).toBe(true)
  return world.server.truth.totals
}

function root(): Uint8Array {
  return new Uint8Array(64)
}

describe('a send chain', () => {
  const fresh = { root, chain: () => 'fresh' }
  const begun = (chat: string) => sendStep(undefined, chat, { root, chain: () => 'first' }).record

  it('goes on in a group whatever comes in, and ends in a direct chat when the peer has made a step', () => {
    for (const [chat, chain] of [[GROUP, 'first'] as const, [ALICE, 'fresh'] as const]) {
      const cipher = { counter: 1, isPreKey: true, answersChain: '' }
      const received = receiveStep(begun(chat), cipher, root)
      if (received.status !== 'decrypted') throw new Error('not decrypted')
      expect(sendStep(received.record, chat, fresh).step.chain).toBe(chain)
    }
  })

  it('is needed to read what answers it', () => {
    const answer = { counter: 1, isPreKey: false, answersChain: 'first' }
    expect(receiveStep(begun(ALICE), answer, root).status).toBe('decrypted')
    expect(receiveStep(begun(ALICE), { ...answer, answersChain: 'lost' }, root)).toEqual({
      status: 'undecryptable',
      reason: 'unknown-chain',
    })
  })
})

describe('a process killed while it sends', () => {
  it('never uses a key twice, nor an older one, when it commits before it transmits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 250 }),
        fc.constantFrom(ALICE, GROUP),
        fc.boolean(),
        fc.string({ minLength: 1, maxLength: 4 }),
        async (killAfterMs, chat, doLateWritesLand, seed) => {
          const totals = await killAndGoOn({ seed, adapter: 'sound', chat, killAfterMs, doLateWritesLand })
          expect(totals).toMatchObject({ counterReuses: 0, staleRatchets: 0 })
        },
      ),
      { numRuns: 150 },
    )
  })

  it.each([ALICE, GROUP])(
    'uses a key twice in %s when it transmits first and dies before the commit',
    async (chat) => {
      const reusesByKillTime = new Map<number, number>()
      for (let killAfterMs = 0; killAfterMs <= 120; killAfterMs += 5) {
        const totals = await killAndGoOn({
          seed: 'plain',
          adapter: 'plain',
          chat,
          killAfterMs,
          doLateWritesLand: false,
        })
        reusesByKillTime.set(killAfterMs, totals.counterReuses)
      }
      // Each of the two sends: 40 ms of reading, then transmitted, 20 ms more until the write has landed.
      expect(
        [...reusesByKillTime].filter(([, reuses]) => reuses > 0).map(([killAfterMs]) => killAfterMs),
      ).toEqual([40, 45, 50, 55, 120])
    },
  )
})

describe('a process killed while it receives', () => {
  it('gets every message read and acknowledged in the end, whenever it is killed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 400 }),
        fc.constantFrom<'sound' | 'plain'>('sound', 'plain'),
        fc.boolean(),
        fc.string({ minLength: 1, maxLength: 4 }),
        async (killAfterMs, adapter, doLateWritesLand, seed) => {
          const world = new World(seed)
          world.doLateWritesLand = doLateWritesLand
          world.commitMs = 40
          const { bot, stored } = await openBot(world, adapter)
          const ids = ['a', 'b', 'c'].map((text) => world.server.deliver({ chat: ALICE, text }))
          await world.runMs(killAfterMs)
          bot.process.kill()
          await world.runMs(500)
          const next = world.boot(stored, adapter)
          next.connect()
          await world.runMs(20_000)
          expect(world.server.unackedCount).toBe(0)
          const accepted = new Set([...bot.accepted, ...next.accepted].map(({ id }) => id))
          expect([...accepted].toSorted()).toEqual(ids)
        },
      ),
      { numRuns: 60 },
    )
  })
})

/** Messages, replies and reconnects under some faults. */
async function digestOfLife(seed: string): Promise<string> {
  const world = new World(seed)
  const { bot } = await openBot(world)
  world.server.faults.duplicateDelivery(0.3)
  world.server.faults.dropAcks(0.3)
  for (let count = 0; count < 50; count += 1) {
    world.server.deliver({ chat: `${count % 3}@s.whatsapp.net`, text: `.ping ${count}` })
    await world.runMs(400)
    bot.send(`R${count}`, `${count % 3}@s.whatsapp.net`)
    if (count % 10 === 9) {
      world.server.faults.disconnect({ statusCode: 503, message: 'Stream Errored (unknown)' })
      await world.runMs(500)
      bot.connect()
      await world.runMs(1_000)
    }
  }
  return world.trace.digest()
}

describe('one seed', () => {
  it('gives one trace, and another seed another', async () => {
    const digests = [await digestOfLife('one'), await digestOfLife('one'), await digestOfLife('two')]
    expect(digests[1]).toBe(digests[0])
    expect(digests[2]).not.toBe(digests[0])
  })
})
