import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { Retention } from '../../../src/messages/retention.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const START_MS = 1_700_000_000_000

function setup(prune: () => Promise<number | 'stale-epoch'> = () => Promise.resolve(0)) {
  const clock = new ManualClock(START_MS)
  const logger = new RecordingLogger()
  const lease: { epoch: number | undefined } = { epoch: 7 }
  const prunes: { epoch: number; beforeMs: number; atMs: number }[] = []
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
    settings: { keepMs: 1_000_000, intervalMs: 3_600_000 },
  })
  retention.start()
  return { clock, logger, lease, prunes, retention }
}

describe('Retention', () => {
  it('prunes by age, one minute after the start and then once an interval, with one timer', async () => {
    const world = setup()
    await world.clock.advance(3_660_000)
    expect(world.prunes).toEqual([
      { epoch: 7, beforeMs: START_MS + 60_000 - 1_000_000, atMs: 60_000 },
      { epoch: 7, beforeMs: START_MS + 3_660_000 - 1_000_000, atMs: 3_660_000 },
    ])
    expect(world.clock.pendingLabels()).toEqual(['retention.prune'])
  })

  it('skips a round without a lease', async () => {
    const world = setup()
    world.lease.epoch = undefined
    await world.clock.advance(60_000)
    world.lease.epoch = 8
    await world.clock.advance(3_600_000)
    expect(world.prunes.map(({ epoch }) => epoch)).toEqual([8])
  })

  it('goes on after a failed round', async () => {
    const world = setup(() => Promise.reject(new AppError('store-unavailable', 'away')))
    await world.clock.advance(3_660_000)
    expect(world.prunes).toHaveLength(2)
    expect(world.logger.lines[0]).toMatchObject({ event: 'retention.failed' })
  })

  it('stops: waits for the prune under way and leaves no timer', async () => {
    const ends: ((rows: number) => void)[] = []
    const world = setup(() => new Promise((resolve) => ends.push(resolve)))
    await world.clock.advance(60_000)
    let isStopped = false
    const stopped = world.retention.stop().then(() => (isStopped = true))
    await world.clock.advance(0)
    expect(isStopped).toBe(false)
    ends[0]?.(3)
    await stopped
    expect(world.clock.pendingLabels()).toEqual([])
    await world.retention.stop()
  })

  it('stops between prunes', async () => {
    const world = setup()
    await world.retention.stop()
    expect(world.clock.pendingLabels()).toEqual([])
  })
})
