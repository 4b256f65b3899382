import { describe, expect, it } from 'vitest'
import { errorCodeOf } from '../../../../src/errors.ts'
import { CLOSE_REPORTS } from '../../../../sim/fakes/whatsapp-rules.ts'
import { StoredSession, World, openBot } from './whatsapp-world.ts'

const ALICE = 'alice@s.whatsapp.net'

describe('the end of a socket', () => {
  it('fails the sends under way first, then closes once', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    bot.keysBehaviour = 'hang'
    bot.send('R1', ALICE)
    bot.send('R2', ALICE)
    await world.runMs(10)
    world.server.faults.disconnect(CLOSE_REPORTS.terminated)
    await world.runMs(100)
    expect(bot.heard).toEqual([
      'open',
      'failed R1: Connection Closed',
      'failed R2: Connection Closed',
      'close',
    ])
    bot.send('R3', ALICE)
    await world.runMs(10_000)
    expect(bot.heard.filter((event) => event === 'close')).toHaveLength(1)
    expect(bot.heard).toContain('failed R3: Connection Closed')
    expect(world.kinds('wa.sent')).toEqual([])
  })

  it('is closed by end(), which may be called twice and resolves when the transport is gone', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    const ended: string[] = []
    for (const call of ['first', 'second']) void bot.socket?.end().then(() => ended.push(call))
    await world.runMs(1)
    expect(ended).toEqual([])
    await world.runMs(200)
    expect(ended).toEqual(['first', 'second'])
    expect(bot.closeReports()).toEqual([[undefined, 'end']])
    expect(bot.connector.liveSockets).toBe(0)
    await bot.socket?.end()
  })

  it('lets the message in hand be accepted but not acknowledged, and drops what waits', async () => {
    const world = new World()
    world.commitMs = 400
    const { bot } = await openBot(world)
    await world.runMs(1_000)
    world.server.deliver({ chat: ALICE, text: 'in hand' })
    world.server.deliver({ chat: ALICE, text: 'waiting' })
    // Long enough for the step's write to be under way.
    await world.runMs(950)
    void bot.socket?.end()
    await world.runMs(500)
    expect(bot.accepted.map((message) => message.text).slice(0, 1)).toEqual(['in hand'])
    expect(world.kinds('wa.deliver')).toHaveLength(2)
    await world.runMs(5_000)
    expect(world.server.unackedCount).toBe(2)
  })

  it('makes no step of a session whose record was still being read', async () => {
    const world = new World()
    world.commitMs = 400
    const { bot, stored } = await openBot(world)
    await world.runMs(1_000)
    world.server.deliver({ chat: ALICE, text: 'x' })
    await world.runMs(300)
    void bot.socket?.end()
    await world.runMs(100)
    expect(bot.heard).toEqual(['open', 'close'])
    await world.runMs(5_000)
    expect([...stored.keys.keys()].filter((key) => key.startsWith('session/'))).toEqual([])
  })

  it('rejects pings and probes that have no answer yet', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    bot.socket?.ping().catch((error: unknown) => bot.heard.push(`ping ${errorCodeOf(error)}`))
    bot.socket?.probe().catch((error: unknown) => bot.heard.push(`probe ${errorCodeOf(error)}`))
    world.server.faults.disconnect(CLOSE_REPORTS.terminated)
    await world.runMs(100)
    expect(bot.heard).toEqual(['open', 'ping socket-closed', 'probe socket-closed', 'close'])
    await expect(bot.socket?.ping()).rejects.toMatchObject({ code: 'socket-closed' })
  })

  it('comes by mistake when the wall clock jumps forward', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    bot.dynoClock.stepMs(60_000)
    await world.runMs(31_000)
    expect(bot.closeReports()).toEqual([[408, 'Connection was lost']])
  })

  it('is sometimes followed by a late event of each kind', async () => {
    const kinds = new Set<unknown>()
    for (let seed = 0; seed < 60; seed += 1) {
      const world = new World(`late ${seed}`)
      const { bot } = await openBot(world)
      bot.send('R1', ALICE)
      await world.runMs(1_000)
      bot.acceptBehaviour = 'reject'
      world.server.deliver({ chat: ALICE, text: 'x' })
      await world.runMs(1_000)
      world.server.faults.disconnect(CLOSE_REPORTS.terminated)
      await world.runMs(100)
      const heardAtClose = bot.heard.length
      await world.runMs(5_000)
      for (const event of world.kinds('wa.late-event')) kinds.add(event.data['event'])
      expect(bot.heard.length - heardAtClose).toBe(
        world.kinds('wa.late-event').filter(({ atMs }) => atMs > 4_100).length,
      )
    }
    expect(kinds).toEqual(new Set(['ack', 'message']))
  })

  it('is sometimes followed by one more pairing code', async () => {
    const endings = new Set<string>()
    for (let seed = 0; seed < 20; seed += 1) {
      const world = new World(`late code ${seed}`)
      world.server.faults.phoneScans('never')
      const bot = world.boot(new StoredSession({}))
      Object.assign(bot.auth.creds, bot.connector.freshCreds())
      bot.connect()
      await world.runMs(1_000)
      void bot.socket?.end()
      await world.runMs(3_000)
      endings.add(bot.heard.join(' '))
    }
    expect(endings).toEqual(new Set(['qr close', 'qr close qr']))
  })

  it('says nothing to a process that has been killed, and tells the server', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    bot.process.kill()
    await world.runMs(60_000)
    expect(bot.heard).toEqual(['open'])
    expect(world.kinds('wa.close')[0]?.data).toMatchObject({
      by: 'process',
      statusCode: null,
      process: 'bot-1',
    })
    expect(bot.connector.liveSockets).toBe(0)
    world.server.faults.disconnect(CLOSE_REPORTS.terminated)
    expect(world.server.faults.strikes().disconnect).toBe(0)
    expect(world.misdeeds).toEqual([])
  })

  it('does nothing for a process that has called its own exit', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    bot.process.beginExit()
    bot.send('R1', ALICE)
    bot.connect()
    await world.runMs(1_000)
    expect(world.kinds('wa.sent')).toEqual([])
    expect(world.kinds('wa.connect')).toHaveLength(1)
    expect(bot.heard).toEqual(['open'])
  })

  it('comes late to a process that hung, in the order of events', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    bot.process.hang()
    world.server.deliver({ chat: ALICE, text: 'x' })
    await world.runMs(1_000)
    world.server.faults.disconnect(CLOSE_REPORTS.terminated)
    await world.runMs(1_000)
    expect(bot.heard).toEqual(['open'])
    bot.process.resume()
    await world.runMs(20)
    expect(bot.heard.slice(0, 2)).toEqual(['open', 'close'])
  })
})

describe('a stall', () => {
  it('closes a silent connection 35 to 65 s after the last frame', async () => {
    const silences: number[] = []
    for (let seed = 0; seed < 30; seed += 1) {
      const world = new World(`stall ${seed}`)
      const { bot } = await openBot(world)
      const lastFrameMs = 30_000 + seed * 1_000
      await world.runMs(lastFrameMs - world.scheduler.nowMs)
      void bot.socket?.ping()
      await world.runMs(200)
      world.server.faults.stall('silent')
      await world.runMs(120_000)
      expect(bot.closeReports()).toEqual([[408, 'Connection was lost']])
      silences.push((world.kinds('wa.close')[0]?.atMs ?? 0) - lastFrameMs)
    }
    expect(Math.min(...silences)).toBeGreaterThan(35_000)
    expect(Math.max(...silences)).toBeLessThan(65_400)
    expect(Math.max(...silences) - Math.min(...silences)).toBeGreaterThan(20_000)
  })

  it('costs a second more in a black hole, also for end()', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    world.server.faults.stall('black-hole')
    let isEnded = false
    void bot.socket?.end().then(() => (isEnded = true))
    await world.runMs(900)
    expect(isEnded).toBe(false)
    await world.runMs(200)
    expect(isEnded).toBe(true)
  })

  it('times a connection attempt out after 20 s', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    void bot.socket?.end()
    await world.runMs(1_000)
    world.server.faults.stall('silent')
    const startMs = world.scheduler.nowMs
    bot.connect()
    await world.runMs(30_000)
    expect(bot.closeReports().at(-1)).toEqual([408, 'Timed Out'])
    expect(world.kinds('wa.close').at(-1)?.atMs).toBeLessThan(startMs + 20_100)
    expect(world.server.faults.strikes().stall).toBe(1)
  })

  it('that ends in time costs nothing: frames that were held arrive', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    world.server.faults.stall('silent')
    expect(world.server.faults.strikes().stall).toBe(1)
    bot.send('R1', ALICE)
    world.server.deliver({ chat: ALICE, text: 'x' })
    await world.runMs(32_000)
    expect(bot.heard).toEqual(['open', 'sent R1'])
    world.server.faults.resumeStall()
    await world.runMs(70_000)
    expect(bot.closeReports()).toEqual([])
    expect(bot.heard).toEqual(['open', 'sent R1', 'accept x', 'ack'])
  })
})

describe('a deaf session', () => {
  it('that is mute answers pings and nothing else, and is well after a reconnect', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    world.server.faults.setDeaf('mute')
    world.server.deliver({ chat: ALICE, text: 'x' })
    bot.send('R1', ALICE)
    void bot.socket?.ping().then(() => bot.heard.push('pong'))
    bot.socket?.probe().catch((error: unknown) => bot.heard.push(String(error)))
    await world.runMs(300_000)
    expect(bot.heard.slice(1, 3)).toEqual(['sent R1', 'pong'])
    expect(bot.heard[3]).toContain('probe: no answer')
    expect(bot.heard).toHaveLength(4)
    expect(world.server.truth.outgoing.get('R1')?.arrivals).toBe(1)
    expect(world.server.faults.strikes().deaf).toBe(5)
    void bot.socket?.end()
    await world.runMs(3_000)
    bot.connect()
    await world.runMs(3_000)
    expect(bot.accepted.at(-1)).toMatchObject({ text: 'x', kind: 'append' })
  })

  it('stays deaf after a reconnect when told to, until lifted', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    world.server.faults.setDeaf('acknowledging', 'stays')
    void bot.socket?.end()
    await world.runMs(3_000)
    bot.connect()
    await world.runMs(3_000)
    world.server.deliver({ chat: ALICE, text: 'x' })
    await world.runMs(3_000)
    expect(bot.accepted).toEqual([])
    world.server.faults.setDeaf('none')
    await world.runMs(3_000)
    expect(bot.accepted).toHaveLength(1)
  })

  it('is shown by a probe that does not come back while a message hangs', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    bot.acceptBehaviour = 'hang'
    world.server.deliver({ chat: ALICE, text: 'x' })
    await world.runMs(1_000)
    bot.socket?.probe().catch(() => bot.heard.push('probe failed'))
    void bot.socket?.ping().then(() => bot.heard.push('pong'))
    await world.runMs(61_000)
    expect(bot.heard.slice(-2)).toEqual(['pong', 'probe failed'])
  })

  it('is not suspected of a healthy socket: the probe comes back', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    void bot.socket?.probe().then(() => bot.heard.push('probed'))
    await world.runMs(1_000)
    expect(bot.heard.at(-1)).toBe('probed')
  })
})

describe('other faults', () => {
  it('drop acks, refuse messages and deliver twice, and count their strikes', async () => {
    const world = new World()
    const { bot } = await openBot(world)
    world.server.faults.dropAcks(1)
    bot.send('R1', ALICE)
    await world.runMs(1_000)
    expect(bot.events.filter((event) => event.type === 'ack')).toEqual([])
    world.server.faults.dropAcks(0)
    world.server.faults.errorAck(463, 1)
    bot.send('R2', ALICE)
    await world.runMs(1_000)
    expect(bot.events.at(-1)).toEqual({ type: 'ack', messageId: 'R2', errorCode: 463 })
    expect(world.server.truth.chats.get(ALICE)?.outgoing.map(({ id }) => id)).toEqual(['R1'])
    world.server.faults.duplicateDelivery(1)
    world.server.deliver({ chat: ALICE, text: 'x' })
    await world.runMs(1_000)
    expect(bot.accepted.map(({ id }) => id)).toEqual(['IN000001', 'IN000001'])
    expect(world.server.faults.strikes()).toMatchObject({
      'drop-ack': 1,
      'error-ack': 1,
      'duplicate-delivery': 1,
    })
  })

  it('answer each login with 515 in a restart loop', async () => {
    const world = new World()
    world.server.faults.restartLoop(true)
    const { bot } = await openBot(world)
    bot.connect()
    await world.runMs(3_000)
    expect(bot.closeReports()).toEqual([
      [515, 'Stream Errored (restart required)'],
      [515, 'Stream Errored (restart required)'],
    ])
    expect(bot.heard.filter((event) => event === 'open')).toHaveLength(2)
    expect(world.server.faults.strikes()['restart-loop']).toBe(2)
  })
})
