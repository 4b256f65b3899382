import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DynoClock } from '../../../../sim/world/dyno-clock.ts'
import { Scheduler } from '../../../../sim/world/scheduler.ts'
import { VirtualProcess } from '../../../../sim/world/virtual-process.ts'

interface Bench {
  readonly scheduler: Scheduler
  readonly process: VirtualProcess
  readonly misdeeds: string[]
  /** Extra delay of timers, as of a starved CPU; tests change it. */
  starvedMs: number
  at(atMs: number, action: () => void): void
}

function bench(driftPpm = 0): Bench {
  const scheduler = new Scheduler()
  const misdeeds: string[] = []
  const made: Bench = {
    scheduler,
    misdeeds,
    starvedMs: 0,
    process: new VirtualProcess({
      id: 'bot',
      scheduler,
      dynoClock: new DynoClock({ bootedAtMs: 0, skewMs: 0, driftPpm }),
      timerDelayMs: () => made.starvedMs,
      onMisdeed: (message) => misdeeds.push(message),
    }),
    at: (atMs, action) => void scheduler.schedule('test', atMs - scheduler.nowMs, action),
  }
  return made
}

describe('a timer', () => {
  it('rings once at its time, and not after it was cancelled', async () => {
    const { scheduler, process } = bench()
    const rang: string[] = []
    process.setTimer('a', 10, () => rang.push(`a ${scheduler.nowMs}`))
    const cancelled = process.setTimer('b', 10, () => rang.push('b'))
    cancelled.cancel()
    cancelled.cancel()
    await scheduler.run(100)
    expect(rang).toEqual(['a 10'])
    expect(process.pendingTimers()).toEqual(new Map())
  })

  it('takes the dyno’s clock for its measure', async () => {
    const { scheduler, process } = bench(10_000)
    let rangAtMs = 0
    process.setTimer('a', 10_100, () => (rangAtMs = scheduler.nowMs))
    await scheduler.run(20_000)
    expect(rangAtMs).toBe(10_000)
  })

  it('is late while the CPU is starved when it is set', async () => {
    const made = bench()
    const rang: number[] = []
    const set = (): void => void made.process.setTimer('a', 10, () => rang.push(made.scheduler.nowMs))
    made.starvedMs = 500
    set()
    made.at(1_000, () => {
      made.starvedMs = 0
      set()
    })
    await made.scheduler.run(2_000)
    expect(rang).toEqual([510, 1_010])
  })

  it('is counted by its label until it has rung', async () => {
    const { scheduler, process } = bench()
    for (const [label, delayMs] of [
      ['a', 5],
      ['a', 50],
      ['b', 50],
    ] as const)
      process.setTimer(label, delayMs, () => undefined)
    expect(process.pendingTimers()).toEqual(
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
    )
    expect(process.describe()).toBe('bot is running with 2 × a, 1 × b')
    await scheduler.run(10)
    expect(process.pendingTimers()).toEqual(
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
    )
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('cannot wait %d ms', (delayMs) => {
    expect(() => bench().process.setTimer('a', delayMs, () => undefined)).toThrow(
      `timer a: delay ${delayMs} ms`,
    )
  })
})

describe('a killed process', () => {
  it('hears of nothing any more, and tells once that it has ended', async () => {
    const { scheduler, process, misdeeds } = bench()
    const heard: string[] = []
    process.setTimer('timer', 20, () => heard.push('timer'))
    process.onEnd(() => heard.push('end'))
    process.kill()
    process.kill()
    process.deliver(() => heard.push('delivery'))
    await scheduler.run(100)
    expect([heard, misdeeds, process.state]).toEqual([['end'], [], 'dead'])
  })

  it('fails the run when a port is called in its name', () => {
    const { process, misdeeds } = bench()
    process.kill()
    expect(() => process.nowMs()).toThrow('port clock.nowMs of the dead process bot was called')
    expect(() => process.setTimer('late', 1, () => undefined)).toThrow('of the dead process bot')
    expect(misdeeds).toEqual([
      'port clock.nowMs was called after the process was dead',
      'port clock.setTimer(late) was called after the process was dead',
    ])
  })

  it('forgets what waited while it hung', async () => {
    const { scheduler, process } = bench()
    const heard: string[] = []
    process.hang()
    process.deliver(() => heard.push('parked'))
    process.kill()
    process.resume()
    await scheduler.run(10)
    expect([heard, process.state]).toEqual([[], 'dead'])
  })
})

describe('a process that ends itself', () => {
  it('does nothing more, without blame, until it is ended', async () => {
    const { scheduler, process, misdeeds } = bench()
    const heard: string[] = []
    process.setTimer('before', 5, () => heard.push('before'))
    process.beginExit()
    expect(process.assertUsable('any')).toBe(false)
    process.setTimer('after', 5, () => heard.push('after')).cancel()
    await scheduler.run(10)
    expect([heard, misdeeds, process.isAlive]).toEqual([[], [], false])
  })
})

describe('a process that hangs', () => {
  it('hears afterwards what came meanwhile, in its order, before what comes then', async () => {
    const made = bench()
    const { scheduler, process } = made
    const heard: string[] = []
    process.setTimer('timer', 20, () => heard.push('timer'))
    made.at(10, () => process.hang())
    made.at(15, () => process.deliver(() => heard.push('frame')))
    made.at(50, () => {
      process.resume()
      process.resume()
    })
    made.at(51, () => process.deliver(() => heard.push('later')))
    await scheduler.run(40)
    expect(heard).toEqual([])
    expect(process.describe()).toBe('bot is hung with 1 × timer, 2 callbacks held back')
    await scheduler.run(100)
    expect(heard).toEqual(['frame', 'timer', 'later'])
  })

  it('hears it first also when something comes in the moment in which it goes on', async () => {
    const made = bench()
    const heard: string[] = []
    made.at(5, () => made.process.hang())
    made.at(6, () => made.process.deliver(() => heard.push('meanwhile')))
    made.at(7, () => made.process.resume())
    made.at(7, () => made.process.deliver(() => heard.push('then')))
    await made.scheduler.run(100)
    expect(heard).toEqual(['meanwhile', 'then'])
  })

  it('does not ring a timer that it cancels as the first thing afterwards', async () => {
    const made = bench()
    const heard: string[] = []
    made.at(10, () => made.process.hang())
    made.at(15, () => made.process.deliver(() => timer.cancel()))
    const timer = made.process.setTimer('timer', 20, () => heard.push('timer'))
    made.at(50, () => made.process.resume())
    await made.scheduler.run(100)
    expect(heard).toEqual([])
  })
})

describe('a process whose thread is busy', () => {
  it('ends what it is doing, may leave in it, and hears the rest afterwards in its order', async () => {
    const made = bench()
    const { scheduler, process } = made
    const heard: string[] = []
    made.at(10, () =>
      process.deliver(() => {
        process.stall(100, () => heard.push('over'))
        heard.push('still')
      }),
    )
    made.at(20, () => process.deliver(() => heard.push('frame')))
    made.at(30, () => process.deliver(() => heard.push('next')))
    await scheduler.run(109)
    expect([heard, process.state]).toEqual([['still'], 'running'])
    await scheduler.run(200)
    expect(heard).toEqual(['still', 'over', 'frame', 'next'])
  })

  it('goes on when nothing holds it any more: a hang outlasts a stall, and a stall a hang', async () => {
    const made = bench()
    const { scheduler, process } = made
    const heardAtMs: number[] = []
    const hear = (): void => process.deliver(() => heardAtMs.push(scheduler.nowMs))
    made.at(10, () => process.stall(50, () => undefined))
    made.at(20, () => process.hang())
    made.at(30, hear)
    made.at(80, () => process.resume())
    made.at(110, () => process.hang())
    made.at(120, () => process.stall(50, () => undefined))
    made.at(130, hear)
    made.at(140, () => process.resume())
    await scheduler.run(300)
    expect(heardAtMs).toEqual([80, 170])
  })
})

describe('an error that nobody catches', () => {
  it('is the process’s misdeed, and the world goes on', async () => {
    const { scheduler, process, misdeeds } = bench()
    const heard: string[] = []
    process.setTimer('bad', 1, () => {
      throw new Error('oh')
    })
    process.setTimer('good', 2, () => heard.push('good'))
    await scheduler.run(10)
    expect([misdeeds, heard]).toEqual([['uncaught: oh'], ['good']])
  })
})

type Step = 'deliver' | 'hang' | 'resume' | 'kill' | 'timer'

describe('whatever happens to a process', () => {
  it('callbacks run in their order, each at most once, none while it hangs or after its end', async () => {
    const steps = fc.array(
      fc.tuple(
        fc.constantFrom<Step>('deliver', 'deliver', 'timer', 'hang', 'resume', 'resume', 'kill'),
        fc.nat(5),
      ),
      { maxLength: 40 },
    )
    await fc.assert(
      fc.asyncProperty(steps, async (drawn) => {
        const made = bench()
        const { scheduler, process } = made
        const ran: number[] = []
        let atMs = 0
        for (const [index, [step, gapMs]] of drawn.entries()) {
          atMs += gapMs
          const note = (): void => {
            expect(process.state).toBe('running')
            ran.push(index)
          }
          made.at(atMs, () => {
            if (step === 'deliver') process.deliver(note)
            else if (step !== 'timer') process[step]()
            else if (process.state === 'running') process.setTimer('t', 0, note)
          })
        }
        await scheduler.run(10_000)
        expect(new Set(ran).size).toBe(ran.length)
        expect(made.misdeeds).toEqual([])
        const deliveries = ran.filter((index) => drawn[index]?.[0] === 'deliver')
        expect(deliveries).toEqual(deliveries.toSorted((a, b) => a - b))
        const killed = drawn.findIndex(([step]) => step === 'kill')
        expect(ran.filter((index) => killed >= 0 && index > killed)).toEqual([])
      }),
    )
  })
})
