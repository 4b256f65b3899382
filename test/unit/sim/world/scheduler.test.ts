import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Scheduler } from '../../../../sim/world/scheduler.ts'

describe('events', () => {
  it('run by time, and at one time in the order of scheduling, whatever was cancelled', async () => {
    const anEvent = fc.record({ delayMs: fc.nat(50), isCancelled: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(anEvent, { maxLength: 60 }), async (wanted) => {
        const scheduler = new Scheduler()
        const ran: { order: number; atMs: number }[] = []
        const scheduled = wanted.map(({ delayMs }, order) =>
          scheduler.schedule(`e${order}`, delayMs, () => ran.push({ order, atMs: scheduler.nowMs })),
        )
        for (const [order, { isCancelled }] of wanted.entries()) if (isCancelled) scheduled[order]?.cancel()
        await scheduler.run(1_000)
        const expected = wanted
          .map(({ delayMs, isCancelled }, order) => ({ order, atMs: delayMs, isCancelled }))
          .filter(({ isCancelled }) => !isCancelled)
          .toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)
        expect(ran).toEqual(expected.map(({ order, atMs }) => ({ order, atMs })))
      }),
    )
  })

  it('scheduled by events take their place among the others', async () => {
    const scheduler = new Scheduler()
    const ran: string[] = []
    scheduler.schedule('a', 10, () => {
      ran.push('a')
      scheduler.schedule('c', 0, () => ran.push('c'))
      scheduler.schedule('e', 5, () => ran.push('e'))
    })
    scheduler.schedule('b', 10, () => ran.push('b'))
    scheduler.schedule('d', 14, () => ran.push('d'))
    await scheduler.run(100)
    expect(ran).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('cancelled twice, late or by another event do no harm', async () => {
    const scheduler = new Scheduler()
    const ran: string[] = []
    const first = scheduler.schedule('first', 1, () => {
      ran.push('first')
      second.cancel()
    })
    const second = scheduler.schedule('second', 1, () => ran.push('second'))
    await scheduler.run(5)
    first.cancel()
    second.cancel()
    expect(ran).toEqual(['first'])
    expect(scheduler.isIdle).toBe(true)
  })

  it('are refused in the past', () => {
    expect(() => new Scheduler().schedule('late', -1, () => undefined)).toThrow('negative delay -1 for late')
  })

  it('that throw end the run with their error', async () => {
    const scheduler = new Scheduler()
    scheduler.schedule('bad', 3, () => {
      throw new Error('bad luck')
    })
    await expect(scheduler.run(10)).rejects.toThrow('bad luck')
  })
})

describe('between two events', () => {
  it('every promise chain that can run has run, however long', async () => {
    const scheduler = new Scheduler()
    const ran: string[] = []
    const chain = async (): Promise<void> => {
      for (let link = 0; link < 200; link += 1) await Promise.resolve()
      ran.push('chain')
    }
    scheduler.schedule('starts a chain', 1, () => void chain())
    scheduler.schedule('next', 1, () => ran.push('next'))
    await scheduler.run(2)
    expect(ran).toEqual(['chain', 'next'])
  })
})

describe('a gate', () => {
  it('holds the clock until it opens, and everything behind it', async () => {
    const scheduler = new Scheduler()
    const ran: string[] = []
    const gate = Promise.withResolvers<void>()
    scheduler.schedule('gated', 5, () => ran.push('gated'), gate.promise)
    scheduler.schedule('before', 4, () => ran.push('before'))
    scheduler.schedule('behind', 6, () => ran.push('behind'))
    const running = scheduler.run(10)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect([ran, scheduler.nowMs]).toEqual([['before'], 4])
    gate.resolve()
    await running
    expect(ran).toEqual(['before', 'gated', 'behind'])
  })

  it('that is cancelled while it is waited for lets the rest go on', async () => {
    const scheduler = new Scheduler()
    const ran: string[] = []
    const gate = Promise.withResolvers<void>()
    const gated = scheduler.schedule('gated', 5, () => ran.push('gated'), gate.promise)
    scheduler.schedule('behind', 6, () => ran.push('behind'))
    const running = scheduler.run(10)
    await new Promise((resolve) => setImmediate(resolve))
    gated.cancel()
    gate.resolve()
    await running
    expect(ran).toEqual(['behind'])
  })
})

describe('a run', () => {
  it('ends at its time, with all events up to and including it', async () => {
    const scheduler = new Scheduler()
    const ran: number[] = []
    for (const atMs of [5, 10, 11]) scheduler.schedule('e', atMs, () => ran.push(atMs))
    expect(await scheduler.run(10)).toEqual({ reason: 'reached' })
    expect([ran, scheduler.nowMs, scheduler.executedEvents]).toEqual([[5, 10], 10, 2])
    expect(scheduler.pendingLabels(5)).toEqual(['e@11'])
  })

  it('ends when it is stopped, after the event under way', async () => {
    const scheduler = new Scheduler()
    scheduler.schedule('stop', 5, () => scheduler.stop())
    scheduler.schedule('more', 6, () => undefined)
    expect(await scheduler.run(10)).toEqual({ reason: 'stopped' })
    expect(scheduler.nowMs).toBe(5)
  })

  it('ends when nothing is scheduled any more', async () => {
    const scheduler = new Scheduler()
    scheduler.schedule('only', 5, () => undefined)
    expect(await scheduler.run(10)).toEqual({ reason: 'deadlock' })
  })

  it('ends when the clock stands, with the name of what keeps it standing', async () => {
    const scheduler = new Scheduler()
    const again = (): void => void scheduler.schedule('again', 0, again)
    scheduler.schedule('first', 7, again)
    expect(await scheduler.run(10)).toEqual({ reason: 'stuck', label: 'again' })
    expect(scheduler.nowMs).toBe(7)
  })

  it('lets the real event loop turn now and then', async () => {
    const scheduler = new Scheduler()
    let hasTurned = false
    let hasTurnedBefore: boolean | undefined
    for (let atMs = 0; atMs < 5_000; atMs += 1)
      scheduler.schedule('e', atMs, () => (hasTurnedBefore = hasTurned))
    setImmediate(() => (hasTurned = true))
    await scheduler.run(5_000)
    expect(hasTurnedBefore).toBe(true)
  })

  it('goes on through a burst of many events at one moment', async () => {
    const scheduler = new Scheduler()
    let ran = 0
    for (let count = 0; count < 50_000; count += 1) scheduler.schedule('burst', 5, () => (ran += 1))
    scheduler.schedule('after', 6, () => undefined)
    expect(await scheduler.run(6)).toEqual({ reason: 'deadlock' })
    expect(ran).toBe(50_000)
  })
})

describe('housekeeping', () => {
  it('runs in its place and keeps no world alive', async () => {
    const scheduler = new Scheduler()
    const ran: string[] = []
    scheduler.scheduleHousekeeping('mark', 5, () => ran.push('mark'))
    expect(scheduler.isIdle).toBe(true)
    const event = scheduler.schedule('event', 4, () => ran.push('event'))
    const cancelled = scheduler.schedule('cancelled', 4, () => undefined)
    expect(scheduler.isIdle).toBe(false)
    cancelled.cancel()
    cancelled.cancel()
    expect(scheduler.isIdle).toBe(false)
    await scheduler.run(5)
    expect([ran, scheduler.isIdle, event.label]).toEqual([['event', 'mark'], true, 'event'])
  })
})
