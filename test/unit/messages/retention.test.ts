import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { Retention } from '../../../src/messages/retention.ts'
import type { MessageJournal } from '../../../src/ports/message-journal.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const START_MS = 1_700_000_000_000
type Prune = Parameters<MessageJournal['prune']>[0]

function setup(prune: () => Promise<number | 'stale-epoch'> = () => Promise.resolve(0)) {
  const clock = new ManualClock(START_MS)
  const logger = new RecordingLogger()
  const lease: { epoch: number | undefined } = { epoch: 7 }
  const prunes: (Prune & { atMs: number })[] = []
  const retention = new Retention({
    clock,
    logger,
    journal: {
      prune: (entry) => {
        prunes.push({ ...entry, atMs: clock.monotonicMs() })
        return prune()
      },
    },
    epoch: () => lease.epoch,
    settings: {
      keepCommandsMs: 1_000_000,
      keepSentMs: 500_000,
      maxSent: 100,
      maxSentBytes: 10_000,
      intervalMs: 3_600_000,
    },
  })
  retention.start()
  const settled = (count: number, text = 'x'): void => {
    for (let index = 0; index < count; index++) retention.noteSettled({ replyId: 'r', chat: 'c', text })
  }
  return { clock, logger, lease, prunes, retention, settled, atMs: () => prunes.map(({ atMs }) => atMs) }
}

describe('Retention', () => {
  it('prunes by its bounds, at once and then once an interval, with one timer', async () => {
    const world = setup()
    await world.clock.advance(3_600_000)
    expect(world.prunes[0]).toEqual({
      epoch: 7,
      commandsBeforeMs: START_MS - 1_000_000,
      sent: { beforeMs: START_MS - 500_000, maxCount: 100, maxBytes: 10_000 },
      limit: 1_000,
      atMs: 0,
    })
    expect(world.atMs()).toEqual([0, 3_600_000])
    expect(world.clock.pendingLabels()).toEqual(['retention.prune'])
  })

  it('prunes at once when a tenth of the bound was settled, be it messages or bytes', async () => {
    const world = setup()
    await world.clock.advance(0)
    world.settled(9)
    await world.clock.advance(1_000)
    expect(world.prunes).toHaveLength(1)
    world.settled(1)
    await world.clock.advance(0)
    expect(world.prunes).toHaveLength(2)
    world.settled(1, 'ä'.repeat(500))
    await world.clock.advance(0)
    expect(world.prunes).toHaveLength(3)
    expect(world.clock.pendingLabels()).toEqual(['retention.prune'])
  })

  it('prunes again at once when as much was settled while it ran', async () => {
    const ends: ((rows: number) => void)[] = []
    const world = setup(() => new Promise((resolve) => ends.push(resolve)))
    await world.clock.advance(0)
    world.settled(10)
    await world.clock.advance(0)
    expect(world.prunes).toHaveLength(1)
    ends[0]?.(3)
    await world.clock.advance(0)
    expect(world.prunes).toHaveLength(2)
  })

  it('goes on as long as a statement deletes all that it may', async () => {
    const rows = [1_000, 1_999, 1_000, 3]
    const world = setup(() => Promise.resolve(rows.shift() ?? 0))
    await world.clock.advance(0)
    expect(world.prunes).toHaveLength(4)
  })

  it('does nothing before it is started and after it is stopped, however much is settled', async () => {
    const world = setup()
    await world.retention.stop()
    world.settled(1_000)
    await world.clock.advance(3_600_000)
    expect(world.prunes).toEqual([])
  })

  it('skips a round without a lease', async () => {
    const world = setup()
    world.lease.epoch = undefined
    await world.clock.advance(0)
    world.lease.epoch = 8
    await world.clock.advance(3_600_000)
    expect(world.prunes.map(({ epoch }) => epoch)).toEqual([8])
  })

  it('goes on after a failed round', async () => {
    const world = setup(() => Promise.reject(new AppError('store-unavailable', 'away')))
    await world.clock.advance(3_600_000)
    expect(world.prunes).toHaveLength(2)
    expect(world.logger.lines[0]).toMatchObject({ event: 'retention.failed' })
  })

  it('stops: waits for the prune under way, begins no further one and leaves no timer', async () => {
    const ends: ((rows: number) => void)[] = []
    const world = setup(() => new Promise((resolve) => ends.push(resolve)))
    await world.clock.advance(0)
    let isStopped = false
    const stopped = world.retention.stop().then(() => (isStopped = true))
    await settle()
    expect(isStopped).toBe(false)
    ends[0]?.(1_000)
    await stopped
    expect(world.prunes).toHaveLength(1)
    expect(world.clock.pendingLabels()).toEqual([])
    await world.retention.stop()
  })
})
