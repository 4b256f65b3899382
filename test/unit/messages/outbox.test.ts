import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { Outbox, type OutboxSettings } from '../../../src/messages/outbox.ts'
import type { Reply } from '../../../src/ports/message-journal.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { ModelJournal, type Intercept } from './model-journal.ts'

/** One outbox on an open connection, whose sends are recorded and resolve at once unless `send` says otherwise. */
async function setup(
  options: {
    settings?: Partial<OutboxSettings>
    intercept?: Intercept
    send?: (id: string) => Promise<void>
    isClosed?: boolean
    isUsable?: () => boolean
  } = {},
) {
  const clock = new ManualClock()
  const logger = new RecordingLogger()
  const journal = new ModelJournal(options.intercept)
  const sent: string[] = []
  const sentAtMs: number[] = []
  const settled: string[] = []
  const lease: { epoch: number | undefined } = { epoch: 1 }
  const makeOutbox = (): Outbox =>
    new Outbox({
      clock,
      logger,
      journal,
      epoch: () => lease.epoch,
      send: (message) => {
        sent.push(message.id)
        sentAtMs.push(clock.monotonicMs())
        return options.send?.(message.id) ?? Promise.resolve()
      },
      isUsable: options.isUsable ?? (() => true),
      onSettled: ({ replyId }) => settled.push(replyId),
      settings: {
        maxQueued: 100,
        sendGapMs: 200,
        ackTimeoutMs: 60_000,
        expiryMs: 86_400_000,
        maxSendsPerReply: 3,
        ...options.settings,
      },
    })
  let recorded = 0
  const world = {
    clock,
    logger,
    journal,
    sent,
    sentAtMs,
    settled,
    lease,
    outbox: makeOutbox(),
    makeOutbox,
    /** What the inbox does: the reply is in the journal before the outbox hears of it. */
    reply: (replyId: string, changes: Partial<Reply> = {}) => {
      const reply = { replyId, chat: 'chat', text: 'text', ...changes }
      // Strictly growing, as the inbox gives them.
      const recordedAtMs = clock.nowMs() + ++recorded
      journal.replies.set(replyId, { reply, recordedAtMs, state: 'pending' })
      world.outbox.enqueue({ ...reply, recordedAtMs })
    },
    states: () => [...journal.replies.values()].map(({ state }) => state),
  }
  await world.outbox.resume()
  if (options.isClosed !== true) world.outbox.connectionOpened()
  journal.statements.length = 0
  return world
}

describe('Outbox: sending', () => {
  it('sends at once, settles by the ack with one statement, and has no timer when idle', async () => {
    const world = await setup()
    world.reply('r1')
    await settle()
    expect(world.sent).toEqual(['r1'])
    expect(world.outbox.pendingCount()).toBe(1)
    world.outbox.acked('r1', undefined)
    await settle()
    expect(world.states()).toEqual(['acked'])
    expect(world.settled).toEqual(['r1'])
    expect(world.journal.statements).toEqual(['settleReply'])
    expect(world.outbox.pendingCount()).toBe(0)
    expect(world.clock.pendingLabels()).toEqual([])
  })

  it('keeps the gap between sends, one send at a time, with one timer', async () => {
    const world = await setup({ send: () => (async () => world.clock.advance(0))() })
    for (const id of ['r1', 'r2', 'r3']) world.reply(id)
    for (let step = 0; step < 100; step += 1) {
      await world.clock.advance(10)
      expect(world.clock.pendingLabels().length).toBeLessThanOrEqual(1)
    }
    expect(world.sentAtMs).toEqual([0, 200, 400])
  })

  it('waits for the send in hand before it begins another', async () => {
    const ends: (() => void)[] = []
    const world = await setup({ send: () => new Promise((resolve) => ends.push(resolve)) })
    world.reply('r1')
    world.reply('r2')
    await world.clock.advance(5_000)
    expect(world.sent).toEqual(['r1'])
    ends[0]?.()
    await world.clock.advance(200)
    expect(world.sent).toEqual(['r1', 'r2'])
  })

  it('takes an ack that comes before its send has resolved', async () => {
    const ends: (() => void)[] = []
    const world = await setup({ send: () => new Promise((resolve) => ends.push(resolve)) })
    world.reply('r1')
    world.outbox.acked('r1', undefined)
    await settle()
    ends[0]?.()
    await world.clock.advance(600_000)
    expect(world.states()).toEqual(['acked'])
    expect(world.sent).toEqual(['r1'])
  })

  it('sends nothing while the connection is closed, without a timer', async () => {
    const world = await setup({ isClosed: true })
    world.reply('r1')
    await settle()
    expect(world.clock.pendingLabels()).toEqual([])
    expect(world.sent).toEqual([])
    world.outbox.connectionOpened()
    expect(world.sent).toEqual(['r1'])
  })

  it('waits until an open connection is usable', async () => {
    let isUsable = false
    const world = await setup({ isUsable: () => isUsable })
    world.reply('r1')
    await world.clock.advance(5_000)
    expect(world.sent).toEqual([])
    isUsable = true
    await world.clock.advance(1_000)
    expect(world.sent).toEqual(['r1'])
  })

  it('sends nothing without a lease', async () => {
    const world = await setup()
    world.lease.epoch = undefined
    world.reply('r1')
    await world.clock.advance(60_000)
    expect(world.sent).toEqual([])
    world.lease.epoch = 1
    await world.outbox.resume()
    await settle()
    expect(world.sent).toEqual(['r1'])
  })
})

describe('Outbox: sending again', () => {
  it('repeats after a reconnect what no ack has answered, with the same id and in order', async () => {
    const world = await setup()
    world.reply('r1')
    world.reply('r2')
    await world.clock.advance(1_000)
    world.outbox.connectionClosed()
    await world.clock.advance(1_000)
    world.outbox.connectionOpened()
    await world.clock.advance(1_000)
    expect(world.sent).toEqual(['r1', 'r2', 'r1', 'r2'])
  })

  it('repeats when the ack is missing, and gives up after the last permitted send', async () => {
    const world = await setup({ settings: { maxSendsPerReply: 2 } })
    world.reply('r1')
    await world.clock.advance(59_999)
    expect(world.sent).toEqual(['r1'])
    await world.clock.advance(1)
    expect(world.sent).toEqual(['r1', 'r1'])
    await world.clock.advance(60_000)
    expect(world.states()).toEqual(['failed'])
    expect(world.sent).toHaveLength(2)
    expect(world.logger.lines.map(({ event }) => event)).toContain('outbox.given-up')
    expect(world.clock.pendingLabels()).toEqual([])
  })

  it('does not count a send that the closed socket refused, and waits for the next open', async () => {
    let isClosed = true
    const world = await setup({
      send: () => (isClosed ? Promise.reject(new AppError('socket-closed', 'closed')) : Promise.resolve()),
      settings: { maxSendsPerReply: 1 },
    })
    world.reply('r1')
    await world.clock.advance(600_000)
    expect(world.sent).toEqual(['r1'])
    world.outbox.connectionClosed()
    isClosed = false
    world.outbox.connectionOpened()
    await settle()
    world.outbox.acked('r1', undefined)
    await settle()
    expect(world.states()).toEqual(['acked'])
  })

  it('sends after a crash what the journal holds pending, with the same ids, and nothing that is settled', async () => {
    const world = await setup()
    world.reply('r1')
    world.reply('r2')
    await world.clock.advance(1_000)
    world.outbox.acked('r1', undefined)
    await settle()
    await world.outbox.stop()
    const sentBefore = world.sent.length
    world.outbox = world.makeOutbox()
    await world.outbox.resume()
    world.outbox.connectionOpened()
    await world.clock.advance(1_000)
    expect(world.sent.slice(sentBefore)).toEqual(['r2'])
  })

  it('takes a late ack for a reply that waits to be sent again', async () => {
    const world = await setup()
    world.reply('r1')
    await settle()
    world.outbox.connectionClosed()
    world.outbox.acked('r1', undefined)
    world.outbox.connectionOpened()
    await world.clock.advance(60_000)
    expect(world.sent).toEqual(['r1'])
    expect(world.states()).toEqual(['acked'])
  })
})

/** Sends that end when the test says so. */
function manualSends() {
  const ends: { resolve(): void; reject(error: Error): void }[] = []
  return {
    ends,
    send: () => new Promise<void>((resolve, reject) => ends.push({ resolve, reject })),
  }
}

describe('Outbox: sends that do not come back', () => {
  it('waits no longer for a send than for its ack', async () => {
    const world = await setup({ send: manualSends().send })
    world.reply('r1')
    world.reply('r2', { chat: 'other' })
    await world.clock.advance(60_000)
    expect(world.sent).toEqual(['r1', 'r1'])
  })

  it('begins anew on the next connection, and does not count what may not have been written', async () => {
    const world = await setup({ send: manualSends().send, settings: { maxSendsPerReply: 1 } })
    world.reply('r1')
    world.outbox.connectionClosed()
    world.outbox.connectionOpened()
    await settle()
    expect(world.sent).toEqual(['r1', 'r1'])
    expect(world.states()).toEqual(['pending'])
  })

  it('begins anew under the next lease', async () => {
    const world = await setup({ send: manualSends().send })
    world.reply('r1')
    world.journal.epoch = 2
    world.lease.epoch = 2
    await world.outbox.resume()
    await settle()
    expect(world.sent).toEqual(['r1', 'r1'])
  })

  it("ignores the late end of an earlier connection's send", async () => {
    const { ends, send } = manualSends()
    const world = await setup({ send })
    world.reply('r1')
    world.outbox.connectionClosed()
    world.outbox.connectionOpened()
    world.reply('r2')
    ends[0]?.resolve()
    await world.clock.advance(1_000)
    expect(world.sent).toEqual(['r1', 'r1'])
  })

  it("ignores the late failure of an earlier connection's send", async () => {
    const { ends, send } = manualSends()
    const world = await setup({ send })
    world.reply('r1')
    world.outbox.connectionClosed()
    world.outbox.connectionOpened()
    world.reply('r2')
    ends[0]?.reject(new AppError('socket-closed', 'closed'))
    await settle()
    ends[1]?.resolve()
    await world.clock.advance(200)
    expect(world.sent).toEqual(['r1', 'r1', 'r2'])
  })

  it('does not send again what was acked although its send failed', async () => {
    const { ends, send } = manualSends()
    const settlements: (() => void)[] = []
    const world = await setup({
      send,
      intercept: async (name, land) =>
        name === 'settleReply' ? new Promise((resolve) => settlements.push(() => resolve(land()))) : land(),
    })
    world.reply('r1')
    world.outbox.acked('r1', undefined)
    ends[0]?.reject(new AppError('timed-out', 'slow'))
    await world.clock.advance(60_000)
    settlements[0]?.()
    await settle()
    expect(world.sent).toEqual(['r1'])
    expect(world.states()).toEqual(['acked'])
  })
})

describe('Outbox: refusals', () => {
  it('tries a refused reply a few times, each later, then settles it as failed', async () => {
    const world = await setup()
    world.reply('r1')
    for (let refusal = 0; refusal < 5; refusal += 1) {
      world.outbox.acked('r1', 479)
      await world.clock.advance(60_000 - 1)
    }
    expect(world.sentAtMs).toEqual([0, 5_000, 69_999])
    expect(world.states()).toEqual(['failed'])
  })

  it('begins no new chat while a reach-out lock lasts, goes on in known ones, and then tries one alone', async () => {
    const world = await setup({ settings: { maxSendsPerReply: 1 } })
    world.reply('r0', { chat: 'old' })
    world.outbox.acked('r0', undefined)
    await settle()
    world.reply('r1', { chat: 'new' })
    await world.clock.advance(1_000)
    world.outbox.acked('r1', 463)
    world.reply('r2', { chat: 'newer' })
    world.reply('r3', { chat: 'old' })
    await world.clock.advance(599_999)
    expect(world.sent).toEqual(['r0', 'r1', 'r3'])
    world.outbox.acked('r3', undefined)
    await world.clock.advance(1_000)
    expect(world.sent).toEqual(['r0', 'r1', 'r3', 'r1'])
    world.outbox.acked('r1', 463)
    await world.clock.advance(1_199_999)
    expect(world.sent).toHaveLength(4)
    await world.clock.advance(1_000)
    expect(world.sent).toHaveLength(5)
    world.outbox.acked(world.sent[4] ?? '', undefined)
    await world.clock.advance(1_000)
    // It was over: the others may go, too.
    expect(world.sent).toHaveLength(6)
    expect(new Set(world.sent.slice(4))).toEqual(new Set(['r1', 'r2']))
  })

  it('goes on in chats that took a reply of an earlier process, as soon as a lock makes it matter', async () => {
    const world = await setup()
    world.reply('r0', { chat: 'old' })
    world.outbox.acked('r0', undefined)
    await world.outbox.stop()
    world.outbox = world.makeOutbox()
    world.outbox.connectionOpened()
    world.reply('r1', { chat: 'new' })
    await settle()
    world.outbox.acked('r1', 463)
    world.reply('r2', { chat: 'newer' })
    world.reply('r3', { chat: 'old' })
    await world.clock.advance(10_000)
    expect(world.sent).toEqual(['r0', 'r1', 'r3'])
  })

  it('sends nothing at all for a while when the account is rate limited, longer each time', async () => {
    const world = await setup({ settings: { maxSendsPerReply: 1 } })
    world.reply('r1')
    world.outbox.acked('r1', 429)
    world.reply('other', { chat: 'other' })
    await world.clock.advance(59_999)
    expect(world.sent).toEqual(['r1'])
    await world.clock.advance(1)
    world.outbox.acked('r1', 429)
    await world.clock.advance(119_999)
    expect(world.sent).toEqual(['r1', 'r1'])
    await world.clock.advance(1_000)
    expect(world.sent).toEqual(['r1', 'r1', 'r1', 'other'])
  })

  it('gives up what could not be delivered before it expired', async () => {
    const world = await setup({ isClosed: true })
    world.reply('r1')
    await world.clock.advance(86_400_000)
    world.outbox.connectionOpened()
    await settle()
    expect(world.sent).toEqual([])
    expect(world.states()).toEqual(['failed'])
  })

  it('counts the time before a restart: what an earlier process recorded expires no later for it', async () => {
    const world = await setup({ isClosed: true })
    world.reply('r1')
    await world.clock.advance(86_400_000 - 60_000)
    await world.outbox.stop()
    world.outbox = world.makeOutbox()
    await world.outbox.resume()
    await world.clock.advance(59_000)
    expect(world.states()).toEqual(['pending'])
    await world.clock.advance(1_100)
    world.outbox.connectionOpened()
    await settle()
    expect(world.sent).toEqual([])
    expect(world.states()).toEqual(['failed'])
  })

  it('takes a recorded time in the future, as another dyno’s clock may give it, for now', async () => {
    const world = await setup({ isClosed: true })
    world.journal.replies.set('r1', {
      reply: { replyId: 'r1', chat: 'chat', text: 'text' },
      recordedAtMs: world.clock.nowMs() + 3_600_000,
      state: 'pending',
    })
    await world.outbox.resume()
    await world.clock.advance(86_400_000)
    world.outbox.connectionOpened()
    await settle()
    expect(world.states()).toEqual(['failed'])
  })

  it('ignores acks for messages that are not its own', async () => {
    const world = await setup()
    world.outbox.acked('foreign', 479)
    expect(world.logger.lines).toEqual([])
    expect(world.journal.statements).toEqual([])
  })
})

describe('Outbox: store and lease', () => {
  it('settles again when the store was away', async () => {
    let isAway = true
    const world = await setup({
      intercept: async (name, land) => {
        if (isAway && name === 'settleReply') throw new AppError('store-unavailable', 'away')
        return land()
      },
    })
    world.reply('r1')
    world.outbox.acked('r1', undefined)
    await world.clock.advance(9_999)
    expect(world.states()).toEqual(['pending'])
    isAway = false
    await world.clock.advance(10_000)
    expect(world.states()).toEqual(['acked'])
    expect(world.sent).toEqual(['r1'])
    expect(world.clock.pendingLabels()).toEqual([])
  })

  it('drops what it holds when the lease turns out stale, and does not ask again', async () => {
    const world = await setup()
    world.reply('r1')
    world.reply('r2')
    world.journal.epoch = 2
    world.outbox.acked('r1', undefined)
    await world.clock.advance(600_000)
    expect(world.outbox.pendingCount()).toBe(0)
    expect(world.journal.statements).toEqual(['settleReply'])
    expect(world.sent).toEqual(['r1'])
    expect(world.clock.pendingLabels()).toEqual([])
  })

  it('reads the pending replies again when the lease is gained anew', async () => {
    const world = await setup()
    world.reply('r1')
    await settle()
    world.journal.epoch = 2
    world.lease.epoch = 2
    world.outbox.connectionOpened()
    await world.clock.advance(200)
    expect(world.sent).toEqual(['r1', 'r1'])
  })

  it('keeps replies beyond its bound in the journal alone, and sends them in order later', async () => {
    const world = await setup({ settings: { maxQueued: 2 } })
    const ids = ['r1', 'r2', 'r3', 'r4', 'r5']
    for (const id of ids) world.reply(id)
    expect(world.outbox.pendingCount()).toBe(2)
    for (const id of ids) {
      await world.clock.advance(1_000)
      expect(world.outbox.pendingCount()).toBeLessThanOrEqual(2)
      world.outbox.acked(id, undefined)
    }
    await settle()
    expect(world.sent).toEqual(ids)
    expect(new Set(world.states())).toEqual(new Set(['acked']))
  })

  it('does not take up again what was settled while a read was under way', async () => {
    const reads: (() => void)[] = []
    let isSlow = false
    const world = await setup({
      intercept: async (name, land) => {
        const result = land()
        if (!isSlow || name !== 'readPendingReplies') return result
        return new Promise((resolve) => reads.push(() => resolve(result)))
      },
    })
    world.reply('r1')
    isSlow = true
    const resumed = world.outbox.resume()
    await settle()
    world.outbox.acked('r1', undefined)
    await settle()
    reads[0]?.()
    await resumed
    await world.clock.advance(1_000)
    expect(world.states()).toEqual(['acked'])
    expect(world.sent).toEqual(['r1'])
  })

  it('takes a reply in once', async () => {
    const world = await setup()
    world.reply('r1')
    world.reply('r1')
    await world.clock.advance(1_000)
    expect(world.sent).toEqual(['r1'])
  })

  it('reads again by itself when reading failed', async () => {
    let isAway = true
    const world = await setup({
      intercept: async (name, land) => {
        if (isAway && name === 'readPendingReplies') throw new AppError('store-unavailable', 'away')
        return land()
      },
    })
    world.reply('r1')
    await world.clock.advance(5_000)
    expect(world.sent).toEqual([])
    isAway = false
    await world.clock.advance(10_000)
    expect(world.sent).toEqual(['r1'])
  })
})

describe('Outbox: stopping', () => {
  it('stops: waits for the send in hand, begins no other, leaves no timer', async () => {
    const ends: (() => void)[] = []
    const world = await setup({ send: () => new Promise((resolve) => ends.push(resolve)) })
    world.reply('r1')
    world.reply('r2')
    let isStopped = false
    const stopped = world.outbox.stop().then(() => (isStopped = true))
    await settle()
    expect(isStopped).toBe(false)
    ends[0]?.()
    await stopped
    expect(world.clock.pendingLabels()).toEqual([])
    await world.outbox.stop()
    world.reply('r3')
    await world.clock.advance(600_000)
    expect(world.sent).toEqual(['r1'])
    expect(world.clock.pendingLabels()).toEqual([])
  })
  it('stops while an ack is awaited, and leaves no timer', async () => {
    const world = await setup()
    world.reply('r1')
    await settle()
    expect(world.clock.pendingLabels()).toEqual(['outbox.wake'])
    await world.outbox.stop()
    expect(world.clock.pendingLabels()).toEqual([])
  })
})
