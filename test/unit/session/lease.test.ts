import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { LeaseKeeper } from '../../../src/session/lease.ts'
import type { LeaseSettings, LeaseStanding } from '../../../src/session/lease.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { LeaseTable, leaseStoreOf } from './lease-table.ts'

const settings: LeaseSettings = {
  durationMs: 45_000,
  renewIntervalMs: 15_000,
  marginMs: 10_000,
  pollIntervalMs: 5_000,
  attemptWindowMs: 600_000,
  maxAttemptsPerWindow: 12,
}

interface Weather {
  /** `down`: fails without landing. `lost`: lands, and the answer never arrives. */
  store: 'fine' | 'down' | 'lost'
}

function setup(options: { table?: LeaseTable; owner?: string; clock?: ManualClock } = {}) {
  const clock = options.clock ?? new ManualClock()
  const table = options.table ?? new LeaseTable()
  const logger = new RecordingLogger()
  const weather: Weather = { store: 'fine' }
  const calls: string[] = []
  const standings: LeaseStanding[] = []
  const parked: (() => void)[] = []
  let openCalls = 0
  let mostOpenCalls = 0
  const store = leaseStoreOf(table, async (name, land) => {
    calls.push(name)
    mostOpenCalls = Math.max(mostOpenCalls, ++openCalls)
    try {
      if (weather.store === 'down') throw new AppError('store-unavailable', 'down')
      const result = land()
      if (weather.store === 'lost') await new Promise<void>((resolve) => parked.push(resolve))
      return result
    } finally {
      openCalls--
    }
  })
  const keeper = new LeaseKeeper({
    store,
    clock,
    logger,
    settings,
    random: { next: () => 0.5 },
    owner: options.owner ?? 'me',
    onStanding: (standing) => standings.push(standing),
  })
  const answerParked = async (): Promise<void> => {
    for (const resolve of parked.splice(0)) resolve()
    await settle()
  }
  return {
    clock,
    table,
    logger,
    weather,
    calls,
    standings,
    keeper,
    answerParked,
    mostOpen: () => mostOpenCalls,
  }
}

/** A keeper that holds epoch 1, at time 0 of its clock. */
async function setupHolder(options: Parameters<typeof setup>[0] = {}) {
  const world = setup(options)
  world.keeper.start()
  await world.clock.advance(0)
  expect(world.keeper.standing()).toStrictEqual({ status: 'held', epoch: 1 })
  return world
}

const none: LeaseStanding = { status: 'none' }
const held = (epoch: number): LeaseStanding => ({ status: 'held', epoch })

describe('lease keeper', () => {
  it('takes a free lease and renews it each interval with two timers', async () => {
    const { clock, table, calls, standings } = await setupHolder()
    await clock.advance(600_000)
    expect(standings).toStrictEqual([held(1)])
    expect(table.row?.counter).toBe(40)
    expect(calls.length).toBe(42)
    expect(clock.pendingLabels()).toStrictEqual(['lease.expiry', 'lease.next'])
  })

  it('refuses settings under which a renewal would always come too late', () => {
    const deps = {
      clock: new ManualClock(),
      logger: new RecordingLogger(),
      random: { next: () => 0 },
      owner: 'me',
    }
    const store = leaseStoreOf(new LeaseTable(), (_name, land) => Promise.resolve(land()))
    const late = { ...settings, renewIntervalMs: 35_000 }
    expect(() => new LeaseKeeper({ ...deps, store, settings: late, onStanding: () => {} })).toThrow(
      'a lease must be renewed before it is given up',
    )
  })

  it('takes over a lease that nobody renews any more, after its whole time', async () => {
    const table = new LeaseTable()
    table.take('gone', undefined)
    const { clock, keeper } = setup({ table })
    keeper.start()
    await clock.advance(44_999)
    expect(keeper.standing()).toStrictEqual(none)
    await clock.advance(1)
    expect(keeper.standing()).toStrictEqual(held(2))
  })

  it('stands by while another renews', async () => {
    const { clock, table } = await setupHolder()
    const standby = setup({ table, clock, owner: 'another' })
    standby.keeper.start()
    await clock.advance(600_000)
    expect(standby.standings).toStrictEqual([])
    expect(table.row?.owner).toBe('me')
  })

  it('has a released lease taken by the standby’s next look', async () => {
    const { clock, table, keeper } = await setupHolder()
    const standby = setup({ table, clock, owner: 'another' })
    standby.keeper.start()
    await clock.advance(60_000)
    await keeper.release()
    await clock.advance(5_500)
    expect(standby.keeper.standing()).toStrictEqual(held(2))
  })

  it('takes the lease of its own owner at once', async () => {
    const table = new LeaseTable()
    table.take('me', undefined)
    const { clock, keeper } = setup({ table })
    keeper.start()
    await clock.advance(0)
    expect(keeper.standing()).toStrictEqual(held(2))
  })

  it('outlasts a short outage, trying again soon, and logs it once', async () => {
    const { clock, weather, standings, calls, logger } = await setupHolder()
    weather.store = 'down'
    await clock.advance(30_000)
    weather.store = 'fine'
    expect(calls.filter((name) => name === 'renewLease').length).toBeGreaterThanOrEqual(5)
    await clock.advance(600_000)
    expect(standings).toStrictEqual([held(1)])
    expect(logger.lines.map((line) => line.event)).toStrictEqual([
      'lease.taken',
      'lease.unreachable',
      'lease.reachable',
    ])
  })

  it('gives up the margin before expiry in a long outage, and has the same epoch back when it ends', async () => {
    const { clock, weather, standings, keeper, logger } = await setupHolder()
    weather.store = 'down'
    await clock.advance(34_999)
    expect(standings).toStrictEqual([held(1)])
    await clock.advance(1)
    expect(standings).toStrictEqual([held(1), none])
    await clock.advance(600_000)
    weather.store = 'fine'
    await clock.advance(5_000)
    expect(standings).toStrictEqual([held(1), none, held(1)])
    expect(keeper.standing()).toStrictEqual(held(1))
    expect(logger.lines.map((line) => line.event)).toContain('lease.regained')
  })

  it('stands by when another took the lease during the outage', async () => {
    const { clock, table, weather, standings } = await setupHolder()
    weather.store = 'down'
    await clock.advance(60_000)
    table.take('another', table.row)
    weather.store = 'fine'
    await clock.advance(10_000)
    expect(standings).toStrictEqual([held(1), none])
    expect(table.row).toMatchObject({ owner: 'another', epoch: 2 })
  })

  it('gives up on time while a call hangs, and takes no proof from its late answer', async () => {
    const { clock, weather, standings, keeper, answerParked, mostOpen } = await setupHolder()
    weather.store = 'lost'
    await clock.advance(600_000)
    expect(standings).toStrictEqual([held(1), none])
    await answerParked()
    expect(keeper.standing()).toStrictEqual(none)
    weather.store = 'fine'
    await clock.advance(0)
    await answerParked()
    await clock.advance(0)
    expect(keeper.standing()).toStrictEqual(held(1))
    expect(mostOpen()).toBe(1)
  })

  it('finds itself without after a pause, before any timer has fired', async () => {
    const clock = new PausableClock()
    const { keeper, standings } = await setupHolder({ clock })
    clock.pause(120_000)
    expect(keeper.standing()).toStrictEqual(none)
    expect(standings).toStrictEqual([held(1), none])
  })

  it('is told so by the first callback after a pause, before that asks the store, and then stands by', async () => {
    const clock = new PausableClock()
    const { table, weather, standings, answerParked } = await setupHolder({ clock })
    table.take('another', table.row)
    clock.pause(120_000)
    weather.store = 'lost'
    await clock.advance(15_000)
    expect(standings).toStrictEqual([held(1), none])
    await answerParked()
    expect(standings).toStrictEqual([held(1), none])
    expect(table.row?.owner).toBe('another')
  })

  it('takes an answer that a pause held up for no proof', async () => {
    const clock = new PausableClock()
    const { weather, keeper, standings, answerParked } = await setupHolder({ clock })
    weather.store = 'lost'
    const charge = keeper.chargeAttempt()
    clock.pause(120_000)
    await answerParked()
    expect(await charge).toStrictEqual({ status: 'unreachable' })
    expect(standings).toStrictEqual([held(1), none])
  })

  it('reports a session halted for good, goes on renewing it, and charges nothing', async () => {
    const { clock, table, standings, keeper } = await setupHolder()
    table.row = { owner: 'me', epoch: 1, counter: 9, isReleased: false, haltedBy: 'logged-out' }
    expect(await keeper.chargeAttempt()).toStrictEqual({ status: 'lost' })
    table.attemptTimesMs = []
    expect(await keeper.chargeAttempt()).toStrictEqual({ status: 'lost' })
    expect(table.attemptTimesMs).toStrictEqual([])
    await clock.advance(60_000)
    expect(standings).toStrictEqual([held(1), { status: 'halted', cause: 'logged-out' }])
    expect(table.row.counter).toBeGreaterThanOrEqual(13)
    expect(await keeper.verify()).toBe('held')
  })

  it('survives an owner that calls back from inside a change of standing', async () => {
    const { clock, table, keeper, standings } = setup()
    const answers: Promise<unknown>[] = []
    standings.push = (standing) => {
      if (standing.status === 'held') answers.push(keeper.chargeAttempt(), keeper.verify())
      else answers.push(keeper.stop())
      return answers.length
    }
    keeper.start()
    await clock.advance(0)
    await keeper.release()
    expect(await Promise.all(answers)).toStrictEqual([{ status: 'granted' }, 'held', undefined])
    expect(table.row?.isReleased).toBe(true)
  })
})

describe('charging an attempt', () => {
  it('renews and charges in one operation, in place of the next renewal', async () => {
    const { clock, table, keeper, calls } = await setupHolder()
    await clock.advance(10_000)
    expect(await keeper.chargeAttempt()).toStrictEqual({ status: 'granted' })
    expect(table.attemptTimesMs).toStrictEqual([clock.nowMs()])
    await clock.advance(14_999)
    expect(calls.filter((name) => name === 'renewLease').length).toBe(1)
    await clock.advance(1)
    expect(calls.filter((name) => name === 'renewLease').length).toBe(2)
  })

  it('is refused when the budget is used up, until the oldest attempt leaves the window', async () => {
    const { clock, keeper } = await setupHolder()
    for (let attempt = 0; attempt < 12; attempt++) {
      expect(await keeper.chargeAttempt()).toStrictEqual({ status: 'granted' })
      await clock.advance(10_000)
    }
    const refused = await keeper.chargeAttempt()
    expect(refused).toStrictEqual({ status: 'refused', retryAfterMs: 480_000 })
    await clock.advance(479_999)
    expect(await keeper.chargeAttempt()).toStrictEqual({ status: 'refused', retryAfterMs: 1 })
    await clock.advance(1)
    expect(await keeper.chargeAttempt()).toStrictEqual({ status: 'granted' })
  })

  it('waits for the operation in flight, one at a time', async () => {
    const { clock, table, weather, keeper, answerParked, mostOpen } = await setupHolder()
    weather.store = 'lost'
    await clock.advance(15_000)
    const charges = [keeper.chargeAttempt(), keeper.chargeAttempt()]
    await settle()
    expect(table.attemptTimesMs).toStrictEqual([])
    weather.store = 'fine'
    await answerParked()
    expect(await Promise.all(charges)).toStrictEqual([{ status: 'granted' }, { status: 'granted' }])
    expect(mostOpen()).toBe(1)
  })

  it('is unreachable when the store fails, and the lease stays held', async () => {
    const { weather, keeper } = await setupHolder()
    weather.store = 'down'
    expect(await keeper.chargeAttempt()).toStrictEqual({ status: 'unreachable' })
    expect(await keeper.verify()).toBe('unreachable')
    expect(keeper.standing()).toStrictEqual(held(1))
  })

  it('is answered when the lease is given up, also when its call hangs', async () => {
    const { clock, weather, keeper } = await setupHolder()
    weather.store = 'lost'
    const answers = Promise.all([keeper.chargeAttempt(), keeper.chargeAttempt(), keeper.verify()])
    await clock.advance(35_000)
    expect(await answers).toStrictEqual([{ status: 'unreachable' }, { status: 'unreachable' }, 'unreachable'])
    expect(await keeper.chargeAttempt()).toStrictEqual({ status: 'unreachable' })
  })

  it('is lost when another holds the lease, and everything waiting with it', async () => {
    const { table, keeper, standings } = await setupHolder()
    table.take('another', table.row)
    const answers = await Promise.all([keeper.verify(), keeper.chargeAttempt()])
    expect(answers).toStrictEqual(['lost', { status: 'lost' }])
    expect(standings).toStrictEqual([held(1), none])
    expect(await keeper.chargeAttempt()).toStrictEqual({ status: 'lost' })
    expect(await keeper.verify()).toBe('lost')
    expect(table.attemptTimesMs).toStrictEqual([])
  })

  it('answers the ninth request at once: eight wait at most', async () => {
    const { clock, weather, keeper } = await setupHolder()
    weather.store = 'lost'
    const waiting = Array.from({ length: 8 }, () => keeper.verify())
    expect(await keeper.verify()).toBe('unreachable')
    await clock.advance(35_000)
    expect(await Promise.all(waiting)).toStrictEqual(Array.from({ length: 8 }, () => 'unreachable'))
  })
})

describe('the end of a keeper', () => {
  it('believes in nothing any more before it gives the lease back, and leaves no timer', async () => {
    const { clock, table, keeper, standings } = await setupHolder()
    const released = keeper.release()
    expect(keeper.standing()).toStrictEqual(none)
    expect(standings).toStrictEqual([held(1), none])
    expect(table.row?.isReleased).toBe(false)
    await released
    expect(table.row?.isReleased).toBe(true)
    expect(clock.pendingLabels()).toStrictEqual([])
    expect(await keeper.chargeAttempt()).toStrictEqual({ status: 'unreachable' })
  })

  it('keeps the row as it is when it only stops, twice if need be', async () => {
    const { clock, table, keeper, calls } = await setupHolder()
    const before = table.row
    await Promise.all([keeper.stop(), keeper.stop(), keeper.release()])
    await clock.advance(600_000)
    expect(table.row).toStrictEqual(before)
    expect(calls).toStrictEqual(['readLease', 'takeLease'])
    expect(clock.pendingLabels()).toStrictEqual([])
  })

  it('gives back a lease that was being taken', async () => {
    const { clock, table, weather, keeper, standings, answerParked } = setup()
    keeper.start()
    await settle()
    weather.store = 'lost'
    await clock.advance(0)
    const released = keeper.release()
    weather.store = 'fine'
    await answerParked()
    await released
    expect(table.row).toMatchObject({ epoch: 1, isReleased: true })
    expect(standings).toStrictEqual([])
  })

  it('waits three seconds at most for a store that hangs, and asks it nothing afterwards', async () => {
    const { clock, table, weather, keeper, calls, answerParked } = await setupHolder()
    weather.store = 'lost'
    await clock.advance(15_000)
    const released = keeper.release()
    await clock.advance(3_000)
    await released
    await answerParked()
    expect(calls).not.toContain('releaseLease')
    expect(table.row?.isReleased).toBe(false)
    expect(clock.pendingLabels()).toStrictEqual([])
  })

  it('ends also when the store refuses the release', async () => {
    const { clock, weather, keeper, logger } = await setupHolder()
    weather.store = 'down'
    await keeper.release()
    expect(clock.pendingLabels()).toStrictEqual([])
    expect(logger.lines.at(-1)).toMatchObject({
      event: 'lease.stop-failed',
      fields: { code: 'store-unavailable' },
    })
  })

  it('asks nothing when it is stopped before it starts', async () => {
    const { clock, keeper, calls } = setup()
    await keeper.stop()
    keeper.start()
    await clock.advance(60_000)
    expect(calls).toStrictEqual([])
  })
})

/** A clock that runs on while the process stands still: timers fire late. */
class PausableClock extends ManualClock {
  #pausedMs = 0

  override monotonicMs(): number {
    return super.monotonicMs() + this.#pausedMs
  }

  pause(durationMs: number): void {
    this.#pausedMs += durationMs
  }
}
