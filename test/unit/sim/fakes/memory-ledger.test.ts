import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LEDGER_BASE_BYTES, MemoryLedger } from '../../../../sim/fakes/memory-ledger.ts'
import type { BalloonKind } from '../../../../sim/fakes/memory-ledger.ts'
import { CACHE_NAMES, CACHES, LEDGER_CONSTANTS } from '../../../../sim/fakes/ledger-constants.ts'
import { DynoClock } from '../../../../sim/world/dyno-clock.ts'
import { PrngStream } from '../../../../sim/world/prng.ts'
import { Scheduler } from '../../../../sim/world/scheduler.ts'
import { VirtualProcess } from '../../../../sim/world/virtual-process.ts'

const MB = 1_048_576
const BASE = LEDGER_BASE_BYTES['whole-dyno']
const KINDS: readonly BalloonKind[] = ['heap', 'external', 'small-blocks', 'garbage', 'cache']

function startedLedger(seed = 'ledger'): MemoryLedger {
  return new MemoryLedger({ role: 'whole-dyno', stream: new PrngStream(seed) })
}

/** Of a process that has collected the garbage of its start. */
function newLedger(seed?: string): MemoryLedger {
  const ledger = startedLedger(seed)
  ledger.collectGarbage()
  return ledger
}

function newProcess(scheduler = new Scheduler()): VirtualProcess {
  return new VirtualProcess({
    id: 'web.1#1/bot',
    scheduler,
    dynoClock: new DynoClock({ bootedAtMs: 0, skewMs: 0, driftPpm: 0 }),
    timerDelayMs: () => 0,
    onMisdeed: () => undefined,
  })
}

function sumOf(ledger: MemoryLedger): number {
  return Object.values(ledger.accounts()).reduce((sum, bytes) => sum + bytes, 0)
}

/** What a balloon of this kind leaves behind above the base: after its release, and after a collection. */
function leftovers(kind: BalloonKind, bytes: number): { released: number; collected: number } {
  const ledger = newLedger()
  ledger.adjustBalloon(kind, bytes)
  ledger.adjustBalloon(kind, -bytes)
  const released = ledger.totalBytes() - BASE
  ledger.collectGarbage()
  return { released, collected: ledger.totalBytes() - BASE }
}

describe('base', () => {
  it('is 144 MB for a connected bot and its supervisor together', () => {
    expect(startedLedger().totalBytes()).toBe(144 * MB)
    expect(LEDGER_BASE_BYTES.bot + LEDGER_BASE_BYTES.supervisor).toBe(BASE)
  })

  it('is less by the garbage of the start once that is collected', () => {
    expect(startedLedger().collectGarbage()).toBe(28 * MB)
    expect(newLedger().totalBytes()).toBe(BASE)
  })

  it('says of its figures where each comes from', () => {
    for (const { source } of Object.values(LEDGER_CONSTANTS.constants)) expect(source).not.toBe('')
  })
})

describe('messages and contacts', () => {
  it('grow live memory by about 1.1 MB in the first 10,000 messages and 0.1 MB in the next', () => {
    const ledger = newLedger()
    for (let count = 0; count < 10_000; count += 1) ledger.onMessage()
    const early = ledger.accounts().live
    for (let count = 0; count < 10_000; count += 1) ledger.onMessage()
    expect(early / MB).toBeCloseTo(1.1, 1)
    expect((ledger.accounts().live - early) / MB).toBeCloseTo(0.1, 1)
  })

  it('grow live memory by 31 MB with 10,000 contacts', () => {
    const ledger = newLedger()
    for (let count = 0; count < 10_000; count += 1) ledger.onContact()
    expect(ledger.totalBytes() - BASE).toBeCloseTo(31 * MB, -6)
  })

  it('fill caches up to their caps and no further', () => {
    const ledger = newLedger()
    for (let count = 0; count < 20_000; count += 1) ledger.onMessage()
    const accounts = ledger.accounts()
    for (const name of ['sent-messages', 'whatsapp-caches'] as const) {
      expect(accounts[name]).toBe(CACHES[name].capBytes)
    }
  })

  it('make garbage that V8 collects by itself at a limit drawn from the seed', () => {
    const peaks = ['a', 'b', 'c'].map((seed) => {
      const ledger = newLedger(seed)
      let peakBytes = 0
      for (let count = 0; count < 5_000; count += 1) {
        ledger.onMessage()
        peakBytes = Math.max(peakBytes, ledger.accounts()['heap-garbage'])
      }
      return peakBytes / MB
    })
    for (const peakMb of peaks) {
      expect(peakMb).toBeGreaterThan(69)
      expect(peakMb).toBeLessThanOrEqual(88)
    }
    expect(new Set(peaks).size).toBe(3)
  })
})

describe('balloons', () => {
  it('of heap come back with a collection after their release, and as much garbage with them', () => {
    expect(leftovers('heap', 50 * MB)).toEqual({ released: 100 * MB, collected: 0 })
  })

  it('of heap never have more garbage beside them than V8 lets lie', () => {
    const ledger = newLedger()
    let mostBytes = 0
    for (let grown = 0; grown < 300; grown += 1) {
      ledger.adjustBalloon('heap', MB)
      mostBytes = Math.max(mostBytes, ledger.accounts()['heap-garbage'])
    }
    expect(mostBytes).toBeGreaterThan(68 * MB)
    expect(mostBytes).toBeLessThanOrEqual(88 * MB)
  })

  it('of large buffers come back at once', () => {
    expect(leftovers('external', 100 * MB)).toEqual({ released: 0, collected: 0 })
  })

  it('of small blocks leave most with the process', () => {
    expect(leftovers('small-blocks', 100 * MB)).toEqual({ released: 100 * MB, collected: 85 * MB })
  })

  it('of garbage are collectable while they last', () => {
    const ledger = newLedger()
    ledger.adjustBalloon('garbage', 15 * MB)
    expect(ledger.collectGarbage()).toBe(15 * MB)
    ledger.adjustBalloon('garbage', 5 * MB)
    expect(ledger.totalBytes()).toBe(BASE + 5 * MB)
  })

  it('of garbage never get far, as V8 collects large buffers by itself', () => {
    const ledger = newLedger()
    let mostBytes = 0
    for (let made = 0; made < 1_400; made += 1) {
      ledger.adjustBalloon('garbage', MB)
      mostBytes = Math.max(mostBytes, ledger.totalBytes() - BASE)
    }
    expect(mostBytes).toBeGreaterThan(18 * MB)
    expect(mostBytes).toBeLessThanOrEqual(40 * MB)
  })

  it('of small blocks make V8 collect other garbage each 64 MB', () => {
    const ledger = startedLedger()
    for (let grown = 0; grown < 64; grown += 1) ledger.adjustBalloon('small-blocks', MB)
    expect(ledger.totalBytes()).toBe(BASE + (64 + 28) * MB)
    ledger.adjustBalloon('small-blocks', MB)
    expect(ledger.totalBytes()).toBe(BASE + 65 * MB)
  })

  it('of heap and small blocks are not collectable while they are held', () => {
    const ledger = newLedger()
    ledger.adjustBalloon('heap', 100 * MB)
    ledger.adjustBalloon('small-blocks', 50 * MB)
    ledger.collectGarbage()
    expect(ledger.totalBytes()).toBe(BASE + 150 * MB)
  })

  it('of small blocks take what is stuck before they take more', () => {
    const ledger = newLedger()
    ledger.adjustBalloon('small-blocks', 100 * MB)
    ledger.adjustBalloon('small-blocks', -100 * MB)
    ledger.collectGarbage()
    ledger.adjustBalloon('small-blocks', 80 * MB)
    expect(ledger.totalBytes()).toBe(BASE + 85 * MB)
    expect(ledger.accounts().stuck).toBe(5 * MB)
  })

  it('in a cache grow on from what a reclaimer left, and do not jump back', () => {
    const ledger = newLedger()
    ledger.adjustBalloon('cache', 100 * MB)
    ledger.shed('plugin-host')
    ledger.collectGarbage()
    ledger.adjustBalloon('cache', MB)
    expect(ledger.totalBytes()).toBe(BASE + MB)
    ledger.adjustBalloon('cache', -101 * MB)
    ledger.collectGarbage()
    expect(ledger.totalBytes()).toBe(BASE)
  })
})

describe('any history', () => {
  const step = fc.oneof(
    fc.constant((ledger: MemoryLedger) => ledger.onMessage()),
    fc.constant((ledger: MemoryLedger) => ledger.onContact()),
    fc.constant((ledger: MemoryLedger) => void ledger.collectGarbage()),
    fc.constantFrom(...CACHE_NAMES).map((name) => (ledger: MemoryLedger) => ledger.shed(name)),
    fc.tuple(fc.constantFrom(...KINDS), fc.integer({ min: -50 * MB, max: 50 * MB })).map(
      ([kind, byBytes]) =>
        (ledger: MemoryLedger) =>
          ledger.adjustBalloon(kind, byBytes),
    ),
  )

  it('keeps the total equal to the sum of the accounts, and none below zero', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const ledger = newLedger()
        for (const act of steps) act(ledger)
        expect(ledger.totalBytes()).toBe(sumOf(ledger))
        for (const bytes of Object.values(ledger.accounts())) expect(bytes).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('never makes memory by collecting, and a second collection finds nothing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const ledger = newLedger()
        for (const act of steps) act(ledger)
        expect(ledger.collectGarbage()).toBeGreaterThanOrEqual(0)
        expect(ledger.collectGarbage()).toBe(0)
      }),
    )
  })
})

describe('memoryProbe', () => {
  it('gives the whole dyno as Pss and this process’s heap', () => {
    const ledger = startedLedger()
    const sample = ledger.memoryProbe(newProcess(), () => 300 * MB).sample()
    expect(sample).toMatchObject({ usedBytes: 300 * MB, measure: 'pss', heapUsedBytes: (25 + 28) * MB })
    expect(sample.heapUsedBytes / sample.heapTotalBytes).toBeCloseTo(0.84, 2)
  })

  it('shows a heap ratio that says nothing of the dyno: high when idle, low after a collection', () => {
    const ledger = newLedger()
    const probe = ledger.memoryProbe(newProcess(), () => ledger.totalBytes())
    const ratio = (): number => {
      const { heapUsedBytes, heapTotalBytes } = probe.sample()
      return heapUsedBytes / heapTotalBytes
    }
    for (let count = 0; count < 100; count += 1) ledger.onMessage()
    expect(ratio()).toBeCloseTo(0.95, 2)
    ledger.adjustBalloon('external', 300 * MB)
    expect(probe.collectGarbage()).toBe(true)
    expect(ratio()).toBeCloseTo(0.62, 2)
  })

  it('collects', () => {
    const ledger = newLedger()
    const probe = ledger.memoryProbe(newProcess(), () => ledger.totalBytes())
    ledger.adjustBalloon('garbage', 15 * MB)
    probe.collectGarbage()
    expect(probe.sample().usedBytes).toBe(BASE)
  })

  it('lets the process stand still while it collects, and gives memory back to the dyno when that is over', async () => {
    const scheduler = new Scheduler()
    const process = newProcess(scheduler)
    const ledger = startedLedger()
    const heardAtMs: number[] = []
    ledger.memoryProbe(process, () => ledger.totalBytes()).collectGarbage()
    process.setTimer('soon', 10, () => heardAtMs.push(scheduler.nowMs))
    expect([ledger.totalBytes(), ledger.residentBytes()]).toEqual([BASE, BASE + 28 * MB])
    await scheduler.run(239)
    expect(heardAtMs).toEqual([])
    await scheduler.run(1_000)
    expect([heardAtMs, ledger.residentBytes()]).toEqual([[240], BASE])
  })

  it('fails the run when a dead process asks', () => {
    const ledger = newLedger()
    const process = newProcess()
    const probe = ledger.memoryProbe(process, () => 0)
    process.kill()
    expect(() => probe.sample()).toThrow(/dead process/)
    expect(() => probe.collectGarbage()).toThrow(/dead process/)
    for (const reclaimer of ledger.reclaimers(process)) {
      expect(() => reclaimer.reclaim()).toThrow(/dead process/)
    }
  })
})

describe('reclaimers', () => {
  it('are one per cache, cheapest first', () => {
    const reclaimers = newLedger().reclaimers(newProcess())
    expect(reclaimers.map(({ name }) => name)).toEqual(['sent-messages', 'plugin-host', 'whatsapp-caches'])
    const costs = reclaimers.map(({ cost }) => cost)
    expect(costs).toEqual(costs.toSorted((a, b) => a - b))
  })

  it('give memory back only with the next collection', async () => {
    const ledger = newLedger()
    for (let count = 0; count < 100; count += 1) ledger.onMessage()
    ledger.collectGarbage()
    const before = ledger.accounts()
    const fullBytes = ledger.totalBytes()
    for (const reclaimer of ledger.reclaimers(newProcess())) await reclaimer.reclaim()
    expect(ledger.totalBytes()).toBe(fullBytes)
    expect(ledger.collectGarbage()).toBe(before['sent-messages'] + before['whatsapp-caches'])
  })

  it('do nothing for a process that is on its way out', async () => {
    const ledger = newLedger()
    const process = newProcess()
    ledger.adjustBalloon('cache', MB)
    process.beginExit()
    for (const reclaimer of ledger.reclaimers(process)) await reclaimer.reclaim()
    expect(ledger.accounts()['plugin-host']).toBe(MB)
  })
})
