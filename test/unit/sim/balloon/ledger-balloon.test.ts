import { describe, expect, it } from 'vitest'
import type { BalloonPlan } from '../../../../sim/balloon/balloon-plan.ts'
import { LedgerBalloon } from '../../../../sim/balloon/ledger-balloon.ts'
import { LEDGER_BASE_BYTES, MemoryLedger } from '../../../../sim/fakes/memory-ledger.ts'
import { PrngStream } from '../../../../sim/world/prng.ts'
import { Scheduler } from '../../../../sim/world/scheduler.ts'

const MB = 1_048_576
const MINUTE_MS = 60_000
const BASE = LEDGER_BASE_BYTES.bot

/** Of a process that has collected the garbage of its start. */
function newLedger(): MemoryLedger {
  const ledger = new MemoryLedger({ role: 'bot', stream: new PrngStream('ledger') })
  ledger.collectGarbage()
  return ledger
}

/** Of buffers: a heap that grows leaves garbage beside it. */
const LEAK: BalloonPlan = {
  shape: 'leak',
  kind: 'external',
  toBytes: 600 * MB,
  bytesPerSecond: MB,
  holdMs: 0,
  followsRestart: false,
}

interface Bench {
  readonly scheduler: Scheduler
  readonly balloon: LedgerBalloon
  /** The process that lives now. */
  ledger: MemoryLedger | undefined
  isSuspended: boolean
  /** Total of the living process at each of the balloon's steps. */
  readonly steps: number[]
  at(atMs: number, action: () => void): void
}

function bench(plan: Partial<BalloonPlan> = {}): Bench {
  const scheduler = new Scheduler()
  const built: Bench = {
    scheduler,
    ledger: newLedger(),
    isSuspended: false,
    steps: [],
    at: (atMs, action) => void scheduler.schedule('test', atMs, action),
    balloon: new LedgerBalloon({
      scheduler,
      ledger: () => built.ledger,
      isSuspended: () => built.isSuspended,
      onStep: () => void built.steps.push(built.ledger?.totalBytes() ?? 0),
      plan: { ...LEAK, ...plan },
    }),
  }
  return built
}

describe('LedgerBalloon', () => {
  it('stands still while the process is suspended, and goes on from there', async () => {
    const run = bench()
    run.balloon.start()
    run.at(2_000, () => (run.isSuspended = true))
    run.at(10_000, () => (run.isSuspended = false))
    await run.scheduler.run(9_900)
    expect(run.ledger?.totalBytes()).toBeLessThanOrEqual(BASE + 2 * MB)
    await run.scheduler.run(12_500)
    const mb = ((run.ledger?.totalBytes() ?? 0) - BASE) / MB
    expect(mb).toBeGreaterThan(3)
    expect(mb).toBeLessThan(5)
  })

  it('inflates the living process and reports each step', async () => {
    const { balloon, scheduler, steps, ledger } = bench()
    balloon.start()
    expect(balloon.hasStruck).toBe(false)
    await scheduler.run(2_000)
    expect(steps).toEqual([0.5, 1, 1.5, 2].map((mb) => BASE + mb * MB))
    expect(ledger?.totalBytes()).toBe(BASE + 2 * MB)
    expect(balloon.hasStruck).toBe(true)
  })

  it('lets go of a burst and is done', async () => {
    const run = bench({ shape: 'burst', kind: 'external', toBytes: 10 * MB, holdMs: 1_000 })
    run.balloon.start()
    expect(await run.scheduler.run(MINUTE_MS)).toEqual({ reason: 'deadlock' })
    expect(Math.max(...run.steps)).toBe(BASE + 10 * MB)
    expect(run.ledger?.totalBytes()).toBe(BASE)
  })

  it('leaves a new process alone', async () => {
    const run = bench()
    run.balloon.start()
    run.at(10_000, () => (run.ledger = newLedger()))
    expect(await run.scheduler.run(MINUTE_MS)).toEqual({ reason: 'deadlock' })
    expect(run.ledger?.totalBytes()).toBe(BASE)
  })

  it('begins again from nothing in a new process when the leak is in the code', async () => {
    const run = bench({ followsRestart: true })
    run.balloon.start()
    run.at(10_000, () => (run.ledger = undefined))
    run.at(12_000, () => (run.ledger = newLedger()))
    await run.scheduler.run(12_500)
    expect(run.ledger?.totalBytes()).toBe(BASE)
    await run.scheduler.run(27_000)
    const grownMb = ((run.ledger?.totalBytes() ?? 0) - BASE) / MB
    expect(grownMb).toBeGreaterThanOrEqual(10)
    expect(grownMb).toBeLessThanOrEqual(15)
  })

  it('begins again without touching what another balloon holds there', async () => {
    const run = bench({ followsRestart: true })
    const late = newLedger()
    late.adjustBalloon('external', 20 * MB)
    run.balloon.start()
    run.at(10_000, () => (run.ledger = late))
    await run.scheduler.run(10_500)
    expect(late.accounts()['balloon-external']).toBe(20.5 * MB)
  })

  it('comes back also after it had reached its size', async () => {
    const run = bench({ followsRestart: true, toBytes: 5 * MB })
    run.balloon.start()
    run.at(MINUTE_MS, () => (run.ledger = newLedger()))
    await run.scheduler.run(2 * MINUTE_MS)
    expect(run.ledger?.totalBytes()).toBe(BASE + 5 * MB)
  })

  it('waits for a process when there is none', async () => {
    const run = bench()
    const late = newLedger()
    run.ledger = undefined
    run.balloon.start()
    run.at(20_500, () => (run.ledger = late))
    await run.scheduler.run(20_000)
    expect(run.balloon.hasStruck).toBe(false)
    await run.scheduler.run(MINUTE_MS)
    expect(late.totalBytes()).toBe(BASE + 35 * MB)
  })

  it('adds up with another one of its kind', async () => {
    const run = bench({ shape: 'burst', toBytes: 10 * MB, holdMs: 5_000 })
    const other = new LedgerBalloon({
      scheduler: run.scheduler,
      ledger: () => run.ledger,
      isSuspended: () => false,
      onStep: () => undefined,
      plan: { ...LEAK, toBytes: 20 * MB, bytesPerSecond: 10 * MB },
    })
    run.balloon.start()
    other.start()
    await run.scheduler.run(12_000)
    expect(run.ledger?.totalBytes()).toBe(BASE + 30 * MB)
    await run.scheduler.run(MINUTE_MS)
    run.ledger?.collectGarbage()
    expect(run.ledger?.totalBytes()).toBe(BASE + 20 * MB)
  })

  it('does nothing after stop, which may be called twice', async () => {
    const run = bench()
    run.balloon.start()
    await run.scheduler.run(2_000)
    run.balloon.stop()
    run.balloon.stop()
    expect(await run.scheduler.run(MINUTE_MS)).toEqual({ reason: 'deadlock' })
    expect(run.ledger?.totalBytes()).toBe(BASE + 2 * MB)
  })
})
