import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { RealFault } from '../../../../sim/faults/real-fault.ts'
import { realFaultSchema } from '../../../../sim/faults/real-fault.ts'
import { RealInjector } from '../../../../sim/real/real-injector.ts'
import type { RealInjectorOptions } from '../../../../sim/real/real-injector.ts'
import { PrngStreams } from '../../../../sim/world/prng.ts'

/** Long beside everything here, so that a test that waits for it would fail. */
const AGES_MS = 600_000

let injector: RealInjector | undefined
afterEach(() => injector?.stop())

type Parts = Partial<
  Record<keyof RealInjectorOptions, unknown> & {
    inject(): Promise<{ struck: number; lift(): Promise<void> }>
  }
>

/** With just the parts that a test's fault meets. */
function injectorWith({ inject, ...parts }: Parts): RealInjector {
  const options = {
    stream: new PrngStreams('1').stream('x'),
    whatsapp: { inject },
    processes: { isIdle: true },
    nowMs: () => 0,
    record: () => undefined,
    onFailure: () => undefined,
    ...parts,
  }
  injector = new RealInjector(options as unknown as RealInjectorOptions)
  return injector
}

function fault(value: object): RealFault {
  return realFaultSchema.parse({ atMs: 0, ...value })
}

async function turns(): Promise<void> {
  await delay(20)
}

describe('the faults of a run', () => {
  it('are not over before the last one has struck', async () => {
    const struck = Promise.withResolvers<{ struck: number; lift(): Promise<void> }>()
    const faults = injectorWith({ inject: () => struck.promise })
    faults.schedule([fault({ kind: 'disconnect' })])
    expect(faults.isOver).toBe(false)
    await turns()
    expect(faults.isOver).toBe(false)
    struck.resolve({ struck: 1, lift: async () => undefined })
    await turns()
    expect(faults.isOver).toBe(true)
    expect(faults.unstruck()).toEqual([])
  })

  it('are not over before the last span has been lifted', async () => {
    const lifted = Promise.withResolvers<void>()
    const faults = injectorWith({ inject: async () => ({ struck: 1, lift: () => lifted.promise }) })
    faults.schedule([fault({ kind: 'stall', how: 'silent', forMs: 1 })])
    await turns()
    expect(faults.isOver).toBe(false)
    lifted.resolve()
    await turns()
    expect(faults.isOver).toBe(true)
  })

  it('are not over while a process is still to be struck, and say at the end whether it was', async () => {
    let hasStruck = false
    const processes = { isIdle: false, begin: () => () => hasStruck }
    const faults = injectorWith({ processes })
    faults.schedule([fault({ kind: 'bot-crashes', forMs: 1, withinMs: 1 })])
    await turns()
    expect(faults.isOver).toBe(false)
    expect(faults.unstruck()).toEqual(['fault bot-crashes at 0 ms never struck'])
    hasStruck = true
    processes.isIdle = true
    expect(faults.isOver).toBe(true)
    expect(faults.unstruck()).toEqual([])
  })

  it('are over, too, when one could not be brought into force: the run fails by that', async () => {
    const failures: unknown[] = []
    const faults = injectorWith({
      inject: () => Promise.reject(new Error('no such server')),
      onFailure: (error: unknown) => failures.push(error),
    })
    faults.schedule([fault({ kind: 'disconnect' })])
    await turns()
    expect(faults.isOver).toBe(true)
    expect(failures).toHaveLength(1)
  })

  it('strike by the run’s clock, which shows more than 0 when they are scheduled', async () => {
    const faults = injectorWith({
      nowMs: () => AGES_MS,
      inject: async () => ({ struck: 1, lift: async () => undefined }),
    })
    faults.schedule([fault({ kind: 'disconnect', atMs: AGES_MS })])
    await turns()
    expect(faults.unstruck()).toEqual([])
  })

  it.each(['dyno-restart', 'deploy', 'sigkill'])('strike nobody by %s where no dyno runs', async (kind) => {
    const sim = { state: 'starting', restart: () => false, deploy: () => false, killNow: () => false }
    const faults = injectorWith({ sim })
    faults.schedule([fault({ kind })])
    await turns()
    expect(faults.unstruck()).toEqual([`fault ${kind} at 0 ms never struck`])
  })
})
