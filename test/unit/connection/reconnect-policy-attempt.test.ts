import { describe, expect, it } from 'vitest'
import { PolicyWorld } from './policy-world.ts'
import { WORLDS, after } from './worlds-by-state.ts'
import { SETTINGS } from './settings.ts'

describe('an attempt', () => {
  it('is asked for as soon as the lease is held, and made when granted', () => {
    const world = new PolicyWorld()
    world.hold(4)
    expect(world.effects).toEqual([{ type: 'request-attempt', ask: 1, epoch: 4 }])
    world.grant()
    expect(world.effects.at(-1)).toEqual({ type: 'connect', generation: 1 })
  })

  it('waits as long as the budget says when refused, then asks again', () => {
    const world = after('charging', (asked) => asked.answer({ status: 'refused', retryAfterMs: 90_000 }))
    expect(world.machine.state).toEqual({ status: 'waiting', why: 'budget', untilMs: 90_000 })
    expect(world.failures).toBe(0)
    world.advance(90_000)
    expect(world.status).toBe('charging')
  })

  it('does not ask in a loop when refused for no time', () => {
    const world = after('charging', (asked) => asked.answer({ status: 'refused', retryAfterMs: 0 }))
    expect(world.waitMs()).toBe(SETTINGS.backoff.baseMs)
  })

  it('waits longer each time the store cannot be asked, and counts no failure', () => {
    const world = WORLDS.charging()
    const waits = [1, 2, 3, 4].map(() => {
      world.answer({ status: 'unreachable' })
      const waitMs = world.waitMs() ?? 0
      world.advance(waitMs)
      return waitMs
    })
    expect(waits[1]).toBeGreaterThanOrEqual(2_000)
    expect(waits[3]).toBeGreaterThanOrEqual(8_000)
    expect(world.failures).toBe(0)
    expect(world.connects).toBe(0)
  })

  it('stands by when the lease proves lost, and drops the credentials', () => {
    const world = after('charging', (asked) => asked.answer({ status: 'lost' }))
    expect(world.status).toBe('standby')
    expect(world.effects.at(-1)).toEqual({ type: 'drop-auth' })
  })

  it('is ended by the watchdog when it neither opens nor shows a QR', () => {
    const world = WORLDS.connecting()
    world.advance(44_999)
    expect(world.status).toBe('connecting')
    world.advance(1)
    expect(world.status).toBe('ending')
    world.ended()
    expect(world.lastCause()).toBe('timed-out')
  })

  it('may take its time while a QR is shown', () => {
    const world = WORLDS.pairing()
    world.advance(3_600_000)
    expect(world.status).toBe('pairing')
  })
})

describe('the restart after 515', () => {
  it('comes at once the first time, and is backed off until stable uptime', () => {
    const world = WORLDS.open()
    expect(world.fail(515)).toBeUndefined()
    expect([world.status, world.failures]).toEqual(['charging', 0])
    world.reconnect()
    expect(world.fail(515)).toBeGreaterThanOrEqual(1_000)
    expect(world.failures).toBe(1)
    world.reconnect()
    world.advance(SETTINGS.stableUptimeMs)
    expect(world.fail(515)).toBeUndefined()
    expect(world.failures).toBe(0)
  })

  it('asks for the flushed credentials and for its place in the budget like any other', () => {
    const world = WORLDS.pairing()
    world.fail(515)
    expect(world.effects.at(-1)).toEqual({ type: 'request-attempt', ask: 2, epoch: 1 })
  })
})

describe('failures', () => {
  it('are forgotten after stable uptime although no check has come since', () => {
    const world = WORLDS.open()
    world.fail(503)
    world.reconnect()
    world.nowMs += SETTINGS.stableUptimeMs
    world.fail(503)
    expect(world.failures).toBe(1)
  })

  it('are not forgotten by opens that are brief, however many', () => {
    const world = WORLDS.open()
    for (let round = 0; round < 10; round += 1) {
      world.fail(503)
      world.reconnect()
      world.advance(SETTINGS.stableUptimeMs - 1)
    }
    expect(world.failures).toBe(10)
  })
})

describe('a pause', () => {
  it('leaves an open socket alone', () => {
    const world = after('open', (opened) => void opened.dispatch({ type: 'paused' }))
    world.advance(60_000)
    expect(world.status).toBe('open')
  })

  it('holds an attempt back when its time comes, until resumed', () => {
    const world = after('open', (opened) => void opened.dispatch({ type: 'paused' }))
    world.fail(428)
    world.advance(3_600_000)
    expect(world.machine.state).toMatchObject({ status: 'waiting', why: 'paused' })
    world.dispatch({ type: 'resumed' })
    expect(world.status).toBe('charging')
  })

  it('does not shorten a wait', () => {
    const world = after('waiting', (waiting) => void waiting.dispatch({ type: 'paused' }))
    const before = world.waitMs()
    world.dispatch({ type: 'resumed' })
    expect(world.waitMs()).toBe(before)
  })

  it('holds back a granted attempt', () => {
    const world = after('charging', (asked) => void asked.dispatch({ type: 'paused' }))
    world.grant()
    expect([world.status, world.connects]).toEqual(['waiting', 0])
  })
})

describe('a deaf connection', () => {
  it('is counted until one delivers a message', () => {
    const world = WORLDS.open()
    const counts = [false, false, true, false].map((hasInbound) => {
      world.hasInbound = hasInbound
      world.failCheck('deaf')
      world.ended()
      world.reconnect()
      return world.machine.tally.deafReconnects
    })
    expect(counts).toEqual([1, 2, 1, 2])
  })

  it('is forgotten when the next one delivered and ended otherwise', () => {
    const world = after('open', (opened) => opened.failCheck('deaf'))
    world.ended()
    world.reconnect()
    world.hasInbound = true
    world.fail(428)
    expect(world.machine.tally.deafReconnects).toBe(0)
  })
})
