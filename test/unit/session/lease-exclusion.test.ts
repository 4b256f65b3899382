/**
 * Never two holders: keepers whose clocks drift, whose store access stalls, fails and lands late, which are
 * paused, killed and replaced, over one table in one world's time.
 */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import type { Clock, Timer } from '../../../src/ports/clock.ts'
import { LeaseKeeper } from '../../../src/session/lease.ts'
import type { LeaseSettings, LeaseStanding } from '../../../src/session/lease.ts'
import { settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { LeaseTable, leaseStoreOf } from './lease-table.ts'
import type { Access } from './lease-table.ts'

const settings: LeaseSettings = {
  durationMs: 45_000,
  renewIntervalMs: 15_000,
  marginMs: 10_000,
  pollIntervalMs: 5_000,
  attemptWindowMs: 600_000,
  maxAttemptsPerWindow: 12,
}
const WORLD_MS = 3_600_000

interface Weather {
  readonly seed: number
  /** Clock rates of the two seats. */
  readonly rates: readonly [number, number]
  readonly failureShare: number
  readonly stallShare: number
  readonly pauseShare: number
  readonly killShare: number
  readonly outageShare: number
}

interface Event {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

/** The world's time: events in order, promises settled after each. */
class World {
  nowMs = 0
  #order = 0
  #events: Event[] = []

  at(atMs: number, run: () => void): Timer {
    const event = { atMs: Math.max(atMs, this.nowMs), order: this.#order++, run }
    this.#events.push(event)
    return { cancel: () => (this.#events = this.#events.filter((other) => other !== event)) }
  }

  async run(untilMs: number, afterEach: () => void): Promise<void> {
    for (;;) {
      const next = this.#events.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
      if (next === undefined || next.atMs > untilMs) return
      this.#events = this.#events.filter((other) => other !== next)
      this.nowMs = next.atMs
      next.run()
      await settle()
      afterEach()
    }
  }
}

/** A process: its clock has a rate of its own; killed or paused, its callbacks do not run (or run later). */
class Process implements Clock {
  isAlive = true
  resumesAtMs = 0
  /** Until then nothing it asks reaches the store. */
  cutOffUntilMs = 0
  readonly #world: World
  readonly #rate: number

  constructor(world: World, rate: number) {
    this.#world = world
    this.#rate = rate
  }

  get isPaused(): boolean {
    return this.#world.nowMs < this.resumesAtMs
  }

  nowMs(): number {
    return this.monotonicMs()
  }

  monotonicMs(): number {
    return this.#world.nowMs * this.#rate
  }

  setTimer(_label: string, delayMs: number, callback: () => void): Timer {
    let isCancelled = false
    this.enter(this.#world.nowMs + delayMs / this.#rate, () => {
      if (!isCancelled) callback()
    })
    return { cancel: () => (isCancelled = true) }
  }

  /** Runs inside the process at the given time of the world, or when the process can. */
  enter(atMs: number, run: () => void): void {
    this.#world.at(atMs, () => {
      if (!this.isAlive) return
      if (this.isPaused) this.enter(this.resumesAtMs, run)
      else run()
    })
  }
}

/** mulberry32: small, and the same everywhere. */
function drawsFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Seat {
  readonly process: Process
  readonly keeper: LeaseKeeper
  readonly owner: string
  told: LeaseStanding
}

interface Outcome {
  /** Times at which two believed to hold. */
  readonly overlapsMs: number[]
  readonly takeovers: number
}

async function play(weather: Weather, believes: (seat: Seat) => boolean): Promise<Outcome> {
  const world = new World()
  const table = new LeaseTable()
  const draw = drawsFrom(weather.seed)
  const seats: Seat[] = []
  let owners = 0

  function accessOf(process: Process): Access {
    return (_name, land) =>
      new Promise((resolve, reject) => {
        const delayMs = (): number => (draw() < weather.stallShare ? draw() * 90_000 : draw() * 50)
        const isCutOff = world.nowMs < process.cutOffUntilMs
        const isFailing = isCutOff || draw() < weather.failureShare
        const landsAtMs = world.nowMs + delayMs()
        // A failure is told at any time, and the statement lands all the same, before or after, or never.
        if (isFailing) {
          if (!isCutOff && draw() < 0.7) world.at(landsAtMs, land)
          const error = new AppError('store-outcome-unknown', 'lost')
          process.enter(world.nowMs + delayMs(), () => reject(error))
        } else {
          world.at(landsAtMs, () => {
            const result = land()
            process.enter(world.nowMs + delayMs(), () => resolve(result))
          })
        }
      })
  }

  function seatOf(index: number, owner: string): void {
    const process = new Process(world, weather.rates[index] ?? 1)
    const keeper = new LeaseKeeper({
      store: leaseStoreOf(table, accessOf(process)),
      clock: process,
      logger: new RecordingLogger(),
      random: { next: draw },
      owner,
      settings,
      onStanding: (standing) => {
        seat.told = standing
      },
    })
    const seat: Seat = { process, keeper, owner, told: { status: 'none' } }
    seats[index] = seat
    keeper.start()
  }

  /** Now and then a process is paused, released, or killed and replaced, by a new boot or within its boot. */
  function disturb(): void {
    const index = draw() < 0.5 ? 0 : 1
    const seat = seats[index]
    const kind = draw()
    if (seat !== undefined && kind < weather.pauseShare) {
      seat.process.resumesAtMs = world.nowMs + draw() * 180_000
    } else if (seat !== undefined && kind < weather.pauseShare + weather.killShare) {
      const isOrderly = draw() < 0.5 && !seat.process.isPaused
      const end = isOrderly ? seat.keeper.release() : Promise.resolve()
      const owner = !isOrderly && draw() < 0.5 ? seat.owner : `boot-${owners++}`
      void end.then(() => {
        seat.process.isAlive = false
        return seatOf(index, owner)
      })
    }
    if (seat !== undefined && draw() < weather.outageShare) {
      seat.process.cutOffUntilMs = world.nowMs + draw() * 120_000
    }
    world.at(world.nowMs + draw() * 60_000, disturb)
  }

  seatOf(0, `boot-${owners++}`)
  world.at(1_000, () => seatOf(1, `boot-${owners++}`))
  world.at(30_000, disturb)
  const overlapsMs: number[] = []
  await world.run(WORLD_MS, () => {
    const believers = seats.filter((seat) => seat.process.isAlive && !seat.process.isPaused && believes(seat))
    if (believers.length > 1) overlapsMs.push(world.nowMs)
  })
  return { overlapsMs, takeovers: table.row?.epoch ?? 0 }
}

function weathers(drift: number, pauseShare: number): fc.Arbitrary<Weather> {
  const rate = fc.double({ min: 1 - drift, max: 1 + drift, noNaN: true })
  const share = fc.double({ min: 0, max: 0.6, noNaN: true })
  return fc.record({
    seed: fc.integer(),
    rates: fc.tuple(rate, rate),
    failureShare: share,
    stallShare: share,
    pauseShare: fc.constant(pauseShare),
    killShare: fc.constantFrom(0, 0.2),
    outageShare: fc.constantFrom(0, 0.4),
  })
}

const isTold = (seat: Seat): boolean => seat.told.status !== 'none'
const stands = (seat: Seat): boolean => seat.keeper.standing().status !== 'none'

describe('two keepers of one lease', () => {
  it('are never both told that they hold it, with clocks that drift by 5 % either way', async () => {
    await fc.assert(
      fc.asyncProperty(weathers(0.05, 0), async (weather) => {
        expect((await play(weather, isTold)).overlapsMs).toStrictEqual([])
      }),
      { numRuns: 100 },
    )
  })

  it('never both stand as holders, even when their processes are paused for minutes', async () => {
    await fc.assert(
      fc.asyncProperty(weathers(0.05, 0.4), async (weather) => {
        expect((await play(weather, stands)).overlapsMs).toStrictEqual([])
      }),
      { numRuns: 100 },
    )
  })

  it('hand the lease over often enough for that to mean something', async () => {
    const stormy: Weather = {
      seed: 1,
      rates: [0.95, 1.05],
      failureShare: 0.3,
      stallShare: 0.3,
      pauseShare: 0.4,
      killShare: 0.2,
      outageShare: 0.3,
    }
    const outcomes = [1, 2, 3, 4, 5].map((seed) => play({ ...stormy, seed }, stands))
    const takeovers = (await Promise.all(outcomes)).map((outcome) => outcome.takeovers)
    expect(Math.min(...takeovers)).toBeGreaterThanOrEqual(4)
  })

  it('do overlap when their clocks drift apart by more than the margin: the test can fail', async () => {
    const seeds = Array.from({ length: 20 }, (_, seed) => seed)
    const apart: Weather = {
      seed: 0,
      rates: [0.7, 1.3],
      failureShare: 0,
      stallShare: 0,
      pauseShare: 0,
      killShare: 0,
      outageShare: 0.5,
    }
    const outcomes = await Promise.all(seeds.map((seed) => play({ ...apart, seed }, isTold)))
    expect(outcomes.some((outcome) => outcome.overlapsMs.length > 0)).toBe(true)
  })
})
