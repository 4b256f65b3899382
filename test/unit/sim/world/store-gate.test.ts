import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../../src/errors.ts'
import type { SessionStore } from '../../../../src/ports/session-store.ts'
import { InMemoryDatabase } from '../../../../sim/fakes/in-memory-database.ts'
import { InMemorySessionStore } from '../../../../sim/fakes/in-memory-session-store.ts'
import { DynoClock } from '../../../../sim/world/dyno-clock.ts'
import { PrngStream } from '../../../../sim/world/prng.ts'
import { Scheduler } from '../../../../sim/world/scheduler.ts'
import { SerialQueue, StoreGate } from '../../../../sim/world/store-gate.ts'
import type { StoreFault } from '../../../../sim/world/store-gate.ts'
import { Trace } from '../../../../sim/world/trace.ts'
import type { TraceEvent } from '../../../../sim/world/trace.ts'
import { VirtualProcess } from '../../../../sim/world/virtual-process.ts'

interface Bench {
  readonly scheduler: Scheduler
  readonly process: VirtualProcess
  readonly events: TraceEvent[]
  /** What the bot holds. */
  readonly store: SessionStore
  fault: StoreFault | undefined
}

/** @param raw the store behind the gate */
function bench(raw: Partial<SessionStore>, seed = 'test'): Bench {
  const scheduler = new Scheduler()
  const trace = new Trace(0)
  const events: TraceEvent[] = []
  trace.listen((event) => events.push(event))
  const process = new VirtualProcess({
    id: 'bot',
    scheduler,
    dynoClock: new DynoClock({ bootedAtMs: 0, skewMs: 0, driftPpm: 0 }),
    timerDelayMs: () => 0,
    onMisdeed: (message) => {
      throw new Error(message)
    },
  })
  const stream = new PrngStream(seed)
  const gate = new StoreGate({
    scheduler,
    trace,
    process,
    dynoId: 'web.1#1',
    stream,
    queue: new SerialQueue(),
    faults: () => made.fault,
  })
  const made: Bench = {
    scheduler,
    process,
    events,
    store: gate.sessionStore(raw as SessionStore),
    fault: undefined,
  }
  return made
}

function dataOf(events: readonly TraceEvent[]): TraceEvent['data'][] {
  return events.map(({ data }) => data)
}

const traceOf = async (wrap: (store: SessionStore) => Partial<SessionStore>): Promise<string> => {
  const raw = new InMemorySessionStore({ database: new InMemoryDatabase(), sessionId: 's' })
  const made = bench(wrap(raw))
  void (async () => {
    const lease = await made.store.takeLease({ owner: 'o', expected: undefined })
    await made.store.commit({ epoch: lease?.epoch ?? 0, sequence: 1, nowMs: 5, creds: '{}' })
    await made.store.readCreds()
  })()
  await made.scheduler.run(1_000)
  return JSON.stringify(made.events)
}

async function slow<T>(answer: Promise<T>): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, 2))
  return answer
}

describe('a call of the store', () => {
  it('lands and answers after a few milliseconds each, and leaves one line in the trace', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (seed) => {
        let landedAtMs = 0
        const made = bench(
          {
            readCreds: () => {
              landedAtMs = made.scheduler.nowMs
              return Promise.resolve('secret')
            },
          },
          seed,
        )
        let answeredAtMs = 0
        void made.store.readCreds().then((creds) => {
          expect(creds).toBe('secret')
          answeredAtMs = made.scheduler.nowMs
        })
        await made.scheduler.run(1_000)
        expect(landedAtMs >= 1 && landedAtMs <= 40).toBe(true)
        expect(answeredAtMs - landedAtMs >= 1 && answeredAtMs - landedAtMs <= 40).toBe(true)
        expect(dataOf(made.events)).toEqual([
          { op: 'readCreds', args: null, result: expect.stringMatching(/^[0-9a-f]{12}$/) },
        ])
        expect(made.events[0]?.atMs).toBe(answeredAtMs)
      }),
    )
  })

  it('waits for the real answer without letting the clock pass', async () => {
    const real = Promise.withResolvers<boolean>()
    const made = bench({ releaseLease: () => real.promise })
    const heard: string[] = []
    void made.store.releaseLease({ owner: 'o', epoch: 1 }).then(() => heard.push('answer'))
    made.scheduler.schedule('behind', 100, () => heard.push('behind'))
    const running = made.scheduler.run(200)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect([heard, made.scheduler.nowMs < 100]).toEqual([[], true])
    real.resolve(true)
    await running
    expect(heard).toEqual(['answer', 'behind'])
  })

  it('lands alone, one after another in the order of landing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(10), { minLength: 2, maxLength: 8 }), async (gapsMs) => {
        let underWay = 0
        const landed: number[] = []
        const made = bench({
          commit: async ({ sequence }) => {
            underWay += 1
            expect(underWay).toBe(1)
            landed.push(sequence)
            await new Promise((resolve) => setImmediate(resolve))
            underWay -= 1
            return 'written'
          },
        })
        let atMs = 0
        for (const [sequence, gapMs] of gapsMs.entries()) {
          atMs += gapMs
          made.scheduler.schedule(
            'call',
            atMs,
            () => void made.store.commit({ epoch: 1, sequence, nowMs: 0 }),
          )
        }
        await made.scheduler.run(1_000)
        expect(landed.toSorted((a, b) => a - b)).toEqual([...gapsMs.keys()])
      }),
      { numRuns: 30 },
    )
  })

  it('is described as it was made, whatever the caller changes afterwards, and without secrets', async () => {
    const made = bench({ commit: () => Promise.resolve('written') })
    const keys = [{ type: 'session', id: 'a', value: 'key material' }]
    void made.store.commit({ epoch: 3, sequence: 1, nowMs: 7, creds: 'the creds', keys })
    keys.push({ type: 'session', id: 'b', value: 'later' })
    await made.scheduler.run(1_000)
    expect(made.events[0]?.data['args']).toMatchObject({
      epoch: 3,
      creds: expect.stringMatching(/^[0-9a-f]{12}$/),
      keys: [expect.stringMatching(/^session\/a=[0-9a-f]{12}$/)],
    })
    expect(JSON.stringify(made.events)).not.toMatch(/material|the creds/)
  })
})

describe('a fault', () => {
  it.each([
    [false, 0],
    [true, 1],
  ])('fails the call whether it landed (%s) or not', async (isLanded, landings) => {
    let landed = 0
    const made = bench({
      haltSession: () => {
        landed += 1
        return Promise.resolve('written')
      },
    })
    made.fault = { extraLatencyMs: 100, failure: { code: 'store-outcome-unknown', isLanded } }
    const failed = made.store.haltSession({ epoch: 1, cause: 'x' }).catch((error: unknown) => error)
    await made.scheduler.run(1_000)
    expect(await failed).toMatchObject({ code: 'store-outcome-unknown' })
    expect(landed).toBe(landings)
    expect(made.events[0]?.data).toMatchObject(
      isLanded ? { result: 'written', fault: 'store-outcome-unknown' } : { lost: true },
    )
    expect(made.events[0]?.atMs).toBeGreaterThan(100)
  })

  it('that only slows lets the call succeed', async () => {
    const made = bench({ readLease: () => Promise.resolve(undefined) })
    made.fault = { extraLatencyMs: 300, failure: undefined }
    const answer = made.store.readLease()
    await made.scheduler.run(1_000)
    expect(await answer).toBeUndefined()
    expect(made.events[0]?.atMs).toBeGreaterThan(300)
  })
})

describe('a process that is killed', () => {
  it('is never answered; its statement lands or not, by seed, and the trace shows an orphan', async () => {
    const seen = new Set<boolean>()
    for (let seed = 0; seed < 40; seed += 1) {
      let hasLanded = false
      const made = bench(
        {
          readLease: () => {
            hasLanded = true
            return Promise.resolve(undefined)
          },
        },
        `killed/${seed}`,
      )
      let isAnswered = false
      made.store.readLease().then(
        () => (isAnswered = true),
        () => (isAnswered = true),
      )
      made.process.kill()
      await made.scheduler.run(1_000)
      expect(isAnswered).toBe(false)
      expect(made.events[0]?.data).toMatchObject(hasLanded ? { orphan: true } : { orphan: true, lost: true })
      seen.add(hasLanded)
    }
    expect(seen).toEqual(new Set([true, false]))
  })

  it('that hangs is answered when it goes on', async () => {
    const made = bench({ readLease: () => Promise.resolve(undefined) })
    let answeredAtMs = 0
    void made.store.readLease().then(() => (answeredAtMs = made.scheduler.nowMs))
    made.process.hang()
    made.scheduler.schedule('resume', 500, () => made.process.resume())
    await made.scheduler.run(1_000)
    expect([answeredAtMs, made.events[0]?.atMs ?? 500]).toEqual([500, expect.any(Number)])
    expect(made.events[0]?.atMs).toBeLessThan(500)
  })

  it('that exits makes calls into nothing', async () => {
    const made = bench({ readLease: () => Promise.reject(new Error('never called')) })
    made.process.beginExit()
    void made.store.readLease()
    await made.scheduler.run(1_000)
    expect(made.events).toEqual([])
  })
})

describe('a failure of the real store', () => {
  it('is the bot’s when it is an answer', async () => {
    const made = bench({ readCreds: () => Promise.reject(new AppError('store-corrupt', 'broken row')) })
    const failed = made.store.readCreds().catch((error: unknown) => error)
    await made.scheduler.run(1_000)
    expect(await failed).toMatchObject({ code: 'store-corrupt' })
    expect(made.events[0]?.data).toMatchObject({ error: 'store-corrupt' })
  })

  it('ends the run when no fault caused it', async () => {
    const made = bench({ readCreds: () => Promise.reject(new AppError('store-busy', 'too many clients')) })
    void made.store.readCreds()
    await expect(made.scheduler.run(1_000)).rejects.toThrow('the database failed readCreds: too many clients')
  })
})

describe('two stores that answer alike', () => {
  it('give one trace', async () => {
    const quick = await traceOf((raw) => ({
      takeLease: (take) => raw.takeLease(take),
      commit: (commit) => raw.commit(commit),
      readCreds: () => raw.readCreds(),
    }))
    const late = await traceOf((raw) => ({
      takeLease: (take) => slow(raw.takeLease(take)),
      commit: (commit) => slow(raw.commit(commit)),
      readCreds: () => slow(raw.readCreds()),
    }))
    expect(late).toBe(quick)
    expect(JSON.parse(quick)).toHaveLength(3)
  })
})
