import { describe, expect, it } from 'vitest'
import { PhoneWatch } from '../../../src/connection/phone-watch.ts'
import { AppError } from '../../../src/errors.ts'
import type { AuthState, SignalKeyChanges } from '../../../src/ports/whatsapp-socket.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** What outlives processes: the rows, the time and the log. */
class World {
  readonly clock = new ManualClock()
  readonly logger = new RecordingLogger()
  readonly writes: SignalKeyChanges[] = []
  rows: Record<string, unknown> = {}
  isStoreAway = false
  questions = 0
  onAsk: () => Promise<void> = () => Promise.resolve()

  boot(changes: { readonly warnAfterMs?: undefined } = {}): PhoneWatch {
    let keys = this.openKeys()
    const watch = new PhoneWatch({
      clock: this.clock,
      logger: this.logger,
      settings: {
        warnAfterMs: 10 * DAY_MS,
        askAfterMs: DAY_MS,
        answerWithinMs: 5 * MINUTE_MS,
        ...changes,
      },
      keys: () => keys,
      ask: () => {
        this.questions += 1
        return this.onAsk()
      },
    })
    this.openNewEpoch = () => (keys = this.openKeys())
    return watch
  }

  openNewEpoch: () => void = () => undefined

  openKeys(): AuthState['keys'] {
    const assertThere = (): void => {
      if (this.isStoreAway) throw new AppError('store-unavailable', 'away')
    }
    return {
      get: async (type, ids) => {
        await settle()
        assertThere()
        const found = ids.filter((id) => `${type}/${id}` in this.rows)
        return Object.fromEntries(found.map((id) => [id, this.rows[`${type}/${id}`]]))
      },
      set: async (changes) => {
        this.writes.push(changes)
        await settle()
        assertThere()
        for (const [type, values] of Object.entries(changes))
          for (const [id, value] of Object.entries(values))
            this.rows[`${type}/${id}`] = JSON.parse(JSON.stringify(value))
      },
    }
  }

  said(): string[] {
    return this.logger.lines.flatMap(({ level, event }) => (level === 'debug' ? [] : [`${level} ${event}`]))
  }
}

async function opened(world: World): Promise<PhoneWatch> {
  const watch = world.boot()
  watch.connectionOpened()
  await settle()
  return watch
}

describe('the watch over the phone', () => {
  it('counts from its first connection when nothing is known', async () => {
    const world = new World()
    const watch = world.boot()
    expect(watch.report()).toBeUndefined()
    watch.connectionOpened()
    await world.clock.advance(0)
    const silentSinceMs = world.clock.nowMs()
    expect(watch.report()).toEqual({ silentSinceMs, isOverdue: false })
    expect(world.writes).toHaveLength(1)
  })

  it('writes at most once an hour, however many signs come', async () => {
    const world = new World()
    const watch = await opened(world)
    for (let minute = 0; minute < 180; minute += 1) {
      await world.clock.advance(MINUTE_MS)
      watch.seen(world.clock.nowMs())
    }
    expect(world.writes).toHaveLength(4)
    expect(watch.report()).toEqual({ silentSinceMs: world.clock.nowMs(), isOverdue: false })
  })

  it('warns once after ten days, though the process restarts each day, and says when the phone is back', async () => {
    const world = new World()
    let watch = await opened(world)
    for (let day = 0; day < 13; day += 1) {
      await world.clock.advance(DAY_MS)
      watch.connectionClosed()
      watch = await opened(world)
    }
    expect(world.said()).toEqual(['warn phone.unseen'])
    expect(watch.report()?.isOverdue).toBe(true)
    watch.seen(world.clock.nowMs())
    watch.seen(world.clock.nowMs() + 1_000)
    await settle()
    expect(world.said()).toEqual(['warn phone.unseen', 'info phone.seen-again'])
    expect(watch.report()?.isOverdue).toBe(false)
    await world.clock.advance(9 * DAY_MS)
    expect(world.said()).toHaveLength(2)
    await world.clock.advance(2 * DAY_MS)
    expect(world.said()).toEqual(['warn phone.unseen', 'info phone.seen-again', 'warn phone.unseen'])
  })

  it('asks a silent phone once a day, and does not warn of one that answers', async () => {
    const world = new World()
    const watch = await opened(world)
    world.onAsk = () => {
      watch.seen(world.clock.nowMs())
      return Promise.resolve()
    }
    await world.clock.advance(12.5 * DAY_MS)
    expect(world.said()).toEqual([])
    expect(world.questions).toBe(12)
  })

  it('does not warn before the phone could be asked', async () => {
    const world = new World()
    world.onAsk = () => Promise.reject(new AppError('timed-out', 'no answer'))
    await opened(world)
    await world.clock.advance(11 * DAY_MS)
    expect(world.said()).toEqual([])
    world.onAsk = () => Promise.resolve()
    await world.clock.advance(30 * MINUTE_MS)
    expect(world.said()).toEqual(['warn phone.unseen'])
  })

  it('is silent and sets no timer while there is no connection', async () => {
    const world = new World()
    const watch = await opened(world)
    watch.connectionOpened()
    expect(world.clock.pendingLabels()).toEqual(['phone.look'])
    watch.connectionClosed()
    watch.connectionClosed()
    await world.clock.advance(20 * DAY_MS)
    expect([world.said(), world.questions, world.clock.pendingLabels()]).toEqual([[], 0, []])
  })

  it('takes signs that come before its record was read', async () => {
    const world = new World()
    const before = await opened(world)
    await world.clock.advance(2 * DAY_MS)
    before.connectionClosed()
    const watch = world.boot()
    watch.seen(world.clock.nowMs() - HOUR_MS)
    watch.seen(world.clock.nowMs() - 2 * HOUR_MS)
    watch.connectionOpened()
    await settle()
    expect(watch.report()?.silentSinceMs).toBe(world.clock.nowMs() - HOUR_MS)
  })

  it('bears a store that is away, asks it with each look only, and loses no warning by it', async () => {
    const world = new World()
    const watch = await opened(world)
    world.isStoreAway = true
    await world.clock.advance(10 * DAY_MS + HOUR_MS)
    expect(world.said()).toEqual([])
    const tries = world.writes.length
    const longAgoMs = world.clock.nowMs() - 10 * DAY_MS - MINUTE_MS
    for (let count = 0; count < 50; count += 1) watch.seen(longAgoMs + count * 1_000)
    await settle()
    expect(world.writes).toHaveLength(tries)
    world.isStoreAway = false
    await world.clock.advance(20 * MINUTE_MS)
    expect(world.said()).toEqual(['warn phone.unseen'])
  })

  it('reads anew what another holder of the session has found out meanwhile', async () => {
    const world = new World()
    const watch = await opened(world)
    const { openNewEpoch } = world
    await world.clock.advance(11 * DAY_MS)
    expect(world.said()).toEqual(['warn phone.unseen'])
    watch.connectionClosed()
    const other = await opened(world)
    other.seen(world.clock.nowMs())
    await settle()
    other.connectionClosed()
    watch.connectionOpened()
    await settle()
    expect(watch.report()?.isOverdue).toBe(true)
    openNewEpoch()
    await world.clock.advance(20 * MINUTE_MS)
    expect(watch.report()?.isOverdue).toBe(false)
    expect(world.said()).toEqual(['warn phone.unseen', 'info phone.seen-again'])
  })
})
