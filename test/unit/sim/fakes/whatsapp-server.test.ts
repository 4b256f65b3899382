import { describe, expect, it } from 'vitest'
import { CLOSE_REPORTS, connectionFailure } from '../../../../sim/fakes/whatsapp-rules.ts'
import { StoredSession, World, openBot } from './whatsapp-world.ts'

const ALICE = 'alice@s.whatsapp.net'
const GROUP = 'friends@g.us'

describe('messages to the bot', () => {
  it('arrive live as notify, are accepted and then acknowledged', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    const id = world.server.deliver({ chat: GROUP, participant: ALICE, text: '.ping' })
    await world.runMs(1_000)
    expect(bot.accepted).toMatchObject([
      { id, chat: GROUP, participant: ALICE, text: '.ping', kind: 'notify' },
    ])
    expect(world.kinds('wa.queued', 'wa.deliver', 'wa.acked').map((event) => event.kind)).toEqual([
      'wa.queued',
      'wa.deliver',
      'wa.acked',
    ])
    expect(world.server.unackedCount).toBe(0)
  })

  it('wait while nobody is connected and are replayed in order as append', async () => {
    const world = new World()
    const stored = new StoredSession(world.server.linkedCreds())
    const texts = Array.from({ length: 30 }, (_, index) => `message ${index}`)
    for (const text of texts) world.server.deliver({ chat: ALICE, text })
    const bot = world.boot(stored)
    bot.connect()
    await world.runMs(5_000)
    expect(bot.accepted.map((message) => message.text)).toEqual(texts)
    expect(new Set(bot.accepted.map((message) => message.kind))).toEqual(new Set(['append']))
    expect(bot.heard[0]).toBe('open')
  })

  it.each([
    // The step was not committed: the same ciphertext can be read.
    { adapter: 'sound', retryReceipts: 0, attempts: 2 },
    // It was, so the same ciphertext is of no use: the sender makes another one.
    { adapter: 'plain', retryReceipts: 1, attempts: 3 },
  ] as const)(
    'come again on the next connection when they were not accepted, and can be read ($adapter)',
    async ({ adapter, retryReceipts, attempts }) => {
      const world = new World()
      const { bot } = await openBot(world, adapter)
      bot.acceptBehaviour = 'reject'
      const id = world.server.deliver({ chat: ALICE, text: 'hello' })
      await world.runMs(1_000)
      expect(world.server.unackedCount).toBe(1)
      bot.acceptBehaviour = 'take'
      world.server.faults.disconnect(CLOSE_REPORTS.terminated)
      await world.runMs(5_000)
      bot.connect()
      await world.runMs(5_000)
      const reasons = world.kinds('wa.undecryptable').map(({ data }) => data['reason'])
      expect(reasons).toEqual(retryReceipts === 0 ? [] : ['counter-consumed'])
      expect(world.server.truth.inbound.get(id)).toMatchObject({ retryReceipts, attempts })
      expect(world.server.unackedCount).toBe(0)
    },
  )

  it('are given up after five retry receipts', async () => {
    const world = new World()
    const { bot, stored } = await openBot(world)
    world.server.deliver({ chat: ALICE, text: 'first' })
    await world.runMs(1_000)
    // What is read back is no session: nothing can be decrypted any more.
    stored.keys.set(`session/${ALICE}`, { recvCounter: 'x' })
    const id = world.server.deliver({ chat: ALICE, text: 'second' })
    await world.runMs(20_000)
    expect(world.server.truth.inbound.get(id)).toMatchObject({ retryReceipts: 5, isLost: true, attempts: 6 })
    expect(bot.accepted.map((message) => message.text)).toEqual(['first'])
    expect(world.kinds('wa.lost')).toHaveLength(1)
  })

  it('can be read again after the whole key table was lost', async () => {
    const world = new World()
    const { bot, stored } = await openBot(world)
    world.server.deliver({ chat: ALICE, text: 'first' })
    await world.runMs(1_000)
    stored.keys.delete(`session/${ALICE}`)
    world.server.deliver({ chat: ALICE, text: 'second' })
    await world.runMs(5_000)
    expect(world.kinds('wa.undecryptable')[0]?.data).toMatchObject({ reason: 'no-session' })
    expect(bot.accepted.map((message) => message.text)).toEqual(['first', 'second'])
  })

  it('ask again when the one-time key they were made with is missing', async () => {
    const world = new World()
    const { bot, stored } = await openBot(world)
    stored.keys.delete('pre-key/1')
    world.server.deliver({ chat: ALICE, text: 'first' })
    await world.runMs(5_000)
    expect(world.kinds('wa.undecryptable')[0]?.data).toMatchObject({ reason: 'no-pre-key' })
    expect(bot.accepted).toHaveLength(1)
    expect(stored.keys.has('pre-key/2')).toBe(false)
    expect(stored.keys.has('pre-key/3')).toBe(true)
  })

  it('are handled one after another: one that hangs makes all behind it wait', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    bot.acceptBehaviour = 'hang'
    for (let count = 0; count < 5; count += 1)
      world.server.deliver({ chat: `${count}@s.whatsapp.net`, text: 'x' })
    await world.runMs(60_000)
    expect(bot.accepted).toHaveLength(1)
    expect(bot.connector.bufferedMessages).toBe(4)
    expect(world.server.unackedCount).toBe(5)
  })

  it('stay unacknowledged while key writes hang', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    bot.keysBehaviour = 'hang'
    world.server.deliver({ chat: ALICE, text: 'x' })
    await world.runMs(60_000)
    expect(bot.accepted).toHaveLength(1)
    expect(world.server.unackedCount).toBe(1)
  })
})

describe('messages from the bot', () => {
  it('resolve when written, before the ack', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    bot.send('R1', ALICE)
    await world.runMs(1_000)
    expect(bot.heard.slice(-2)).toEqual(['sent R1', 'ack'])
  })

  it('are one message when sent twice under one id', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    bot.send('R1', ALICE)
    bot.send('R1', ALICE)
    await world.runMs(1_000)
    expect(world.server.truth.outgoing.get('R1')?.arrivals).toBe(2)
    expect(world.server.truth.chats.get(ALICE)?.outgoing).toHaveLength(1)
    expect(world.kinds('wa.sent').map((event) => event.data['isDuplicateId'])).toEqual([false, true])
    expect(world.kinds('wa.counter-reused')).toEqual([])
  })

  it('begin a chain after the chat has answered, and count on otherwise; in a group they always count on', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    for (const [chat, participant] of [[ALICE, ''] as const, [GROUP, ALICE] as const]) {
      bot.send(`1 ${chat}`, chat)
      bot.send(`2 ${chat}`, chat)
      await world.runMs(1_000)
      world.server.deliver({ chat, participant, text: 'answer' })
      await world.runMs(1_000)
      bot.send(`3 ${chat}`, chat)
      await world.runMs(1_000)
    }
    const steps = world.kinds('wa.sent').map(({ data }) => [data['chain'], data['counter']])
    const chains = steps.map(([chain]) => chain)
    expect(steps.map(([, counter]) => counter)).toEqual([1, 2, 1, 1, 2, 3])
    expect(new Set(chains.slice(0, 3)).size).toBe(2)
    expect(new Set(chains.slice(3)).size).toBe(1)
  })

  it('are refused on a socket that is not open', async () => {
    const world = new World()
    const bot = world.boot(new StoredSession(world.server.linkedCreds()))
    bot.connect()
    bot.send('R1', ALICE)
    await world.runMs(1)
    expect(bot.heard).toEqual(['failed R1: Connection Closed'])
  })

  it('show by their step that a session was put back to an older state', async () => {
    const world = new World()
    const { bot, stored } = await openBot(world)
    bot.send('R1', ALICE)
    await world.runMs(1_000)
    const old = structuredClone(stored.keys.get(`session/${ALICE}`))
    world.server.deliver({ chat: ALICE, text: 'answer' })
    await world.runMs(1_000)
    bot.send('R2', ALICE)
    await world.runMs(1_000)
    stored.keys.set(`session/${ALICE}`, old)
    bot.send('R3', ALICE)
    await world.runMs(1_000)
    expect(world.kinds('wa.stale-ratchet').map(({ data }) => [data['id'], data['reason']])).toEqual([
      ['R3', 'old-chain'],
    ])
    stored.keys.set(`session/${ALICE}`, Object.assign({}, old, { sendChains: [] }))
    bot.send('R4', ALICE)
    await world.runMs(1_000)
    expect(world.kinds('wa.stale-ratchet').at(-1)?.data).toMatchObject({
      id: 'R4',
      reason: 'old-receive-step',
    })
  })
})

describe('logins', () => {
  it('answer a second login of the device by putting the first out with 440', async () => {
    const world = new World()
    const { bot: first, stored } = await openBot(world)
    const second = world.boot(stored)
    second.connect()
    await world.runMs(3_000)
    expect(first.closeReports()).toEqual([[440, 'Stream Errored (conflict)']])
    expect(second.heard).toContain('open')
    world.server.deliver({ chat: ALICE, text: 'to whom?' })
    await world.runMs(1_000)
    expect([first.accepted.length, second.accepted.length]).toEqual([0, 1])
  })

  it('pair by code, end with 515, and log in with the same credentials on a new socket', async () => {
    const world = new World()
    world.server.faults.phoneScans('after', 5_000)
    const stored = new StoredSession({})
    const bot = world.boot(stored)
    Object.assign(bot.auth.creds, bot.connector.freshCreds())
    expect(bot.connector.isPaired(bot.auth.creds)).toBe(false)
    bot.connect()
    await world.runMs(10_000)
    expect(bot.events.map((event) => event.type)).toEqual(['qr', 'close'])
    expect(bot.closeReports()).toEqual([[515, 'Stream Errored (restart required)']])
    expect(bot.connector.isPaired(stored.creds)).toBe(true)
    const next = world.boot(stored)
    next.connect()
    await world.runMs(2_000)
    expect(next.heard).toContain('open')
    expect(world.server.truth.totals).toMatchObject({ pairings: 1, qrsShown: 1, opens: 1 })
  })

  it('of a device paired anew begin every session anew, without a key being called used twice', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    world.server.deliver({ chat: ALICE, text: 'to the old device' })
    await world.runMs(1_000)
    bot.process.kill()
    const next = world.boot(new StoredSession(world.server.linkedCreds()))
    world.server.deliver({ chat: ALICE, text: 'to the new device' })
    next.connect()
    await world.runMs(3_000)
    next.send('R1', ALICE)
    await world.runMs(1_000)
    expect(next.accepted.map((message) => message.text)).toEqual(['to the new device'])
    expect(world.server.truth.totals).toMatchObject({ undecryptable: 0, staleRatchets: 0, counterReuses: 0 })
  })

  it('end with 408 when nobody scans any of the six codes', async () => {
    const world = new World()
    world.server.faults.phoneScans('never')
    const bot = world.boot(new StoredSession({}))
    Object.assign(bot.auth.creds, bot.connector.freshCreds())
    bot.connect()
    await world.runMs(159_000)
    expect(bot.heard.filter((event) => event === 'qr')).toHaveLength(6)
    expect(bot.closeReports()).toEqual([])
    await world.runMs(3_000)
    expect(bot.closeReports()).toEqual([[408, 'QR refs attempts ended']])
  })

  it('are refused for ever once the phone has removed the device', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    world.server.faults.unlinkDevice()
    await world.runMs(3_000)
    bot.connect()
    await world.runMs(3_000)
    expect(bot.closeReports()).toEqual([
      [401, 'Stream Errored (conflict)'],
      [401, 'Connection Failure'],
    ])
    expect(world.server.faults.strikes().unlink).toBe(2)
  })

  it('upload pre-keys only after they are stored, and go on without them after 30 s', async () => {
    const world = new World()
    const stored = new StoredSession(world.server.linkedCreds())
    const bot = world.boot(stored)
    bot.keysBehaviour = 'hang'
    bot.connect()
    await world.runMs(29_000)
    expect(bot.heard).toEqual([])
    await world.runMs(3_000)
    expect(bot.heard).toEqual(['open'])
    expect(world.kinds('wa.pre-keys')).toEqual([])
    bot.keysBehaviour = 'commit'
    world.server.faults.disconnect(CLOSE_REPORTS.terminated)
    await world.runMs(3_000)
    bot.connect()
    await world.runMs(3_000)
    expect(
      world.kinds('wa.pre-keys').map(({ data }) => [data['firstId'], data['count'], data['reusedIds']]),
    ).toEqual([[11, 10, 0]])
  })

  it.each([
    ['a failure frame', connectionFailure(503), [503, 'Connection Failure'], 1_000],
    ['a garbled handshake', CLOSE_REPORTS.garbage, [undefined, 'index out of range: 10 + 116 > 32'], 1_000],
    ['nobody listening', 'tcp-refused' as const, [408, 'WebSocket Error (connect ECONNREFUSED)'], 1_000],
  ])('are refused by %s, and accepted afterwards', async (_, refusal, report, withinMs) => {
    const world = new World()
    const bot = world.boot(new StoredSession(world.server.linkedCreds()))
    world.server.faults.refuseLogins(refusal)
    bot.connect()
    await world.runMs(withinMs)
    expect(bot.closeReports()).toEqual([report])
    expect(world.server.faults.strikes()['refuse-login']).toBe(1)
    world.server.faults.acceptLogins()
    bot.connect()
    await world.runMs(2_000)
    expect(bot.heard.at(-1)).toBe('open')
  })

  it('hang for good on an HTTP error at the upgrade, until the bot ends the socket', async () => {
    const world = new World()
    const bot = world.boot(new StoredSession(world.server.linkedCreds()))
    world.server.faults.refuseLogins('hang')
    bot.connect()
    await world.runMs(3_600_000)
    expect(bot.events).toEqual([])
    void bot.socket?.end()
    await world.runMs(10)
    expect(bot.closeReports()).toEqual([[undefined, 'end']])
  })
})
