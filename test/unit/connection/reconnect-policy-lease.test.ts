import { describe, expect, it } from 'vitest'
import { timerOf } from '../../../src/connection/connection-state.ts'
import { PolicyWorld, TERMINAL_CODES } from './policy-world.ts'
import { WORLDS, after } from './worlds-by-state.ts'

describe('a conflict (440)', () => {
  it('asks at once whether the lease is still ours, and waits 30 s or more', () => {
    const world = WORLDS.open()
    expect(world.fail(440)).toBeGreaterThanOrEqual(30_000)
    expect(world.effects).toContainEqual({ type: 'verify-lease', epoch: 1 })
    world.dispatch({ type: 'lease-verified', epoch: 1, outcome: 'held' })
    expect(world.status).toBe('waiting')
  })

  it("makes way when the lease is another's", () => {
    const world = after('open', (opened) => void opened.fail(440))
    world.dispatch({ type: 'lease-verified', epoch: 1, outcome: 'lost' })
    expect(world.status).toBe('standby')
    expect(world.effects.at(-1)).toEqual({ type: 'drop-auth' })
  })

  it('takes no notice of an answer about an epoch that is over', () => {
    const world = after('open', (opened) => void opened.fail(440))
    world.hold(2)
    world.dispatch({ type: 'lease-verified', epoch: 1, outcome: 'lost' })
    expect(world.status).toBe('waiting')
  })

  it('waits longer each time although it opens in between', () => {
    const world = WORLDS.open()
    const waits = [1, 2, 3, 4].map(() => {
      const waitMs = world.fail(440) ?? 0
      world.reconnect()
      world.advance(5_000)
      return waitMs
    })
    expect(waits[3]).toBeGreaterThanOrEqual(240_000)
  })
})

describe('a halt', () => {
  it.each(TERMINAL_CODES)('follows code %s, is recorded, and is not left', (code) => {
    const world = after('open', (opened) => void opened.fail(code))
    expect(world.effects.at(-1)).toMatchObject({ type: 'halt-session' })
    world.dispatch({ type: 'halt-recorded', isRecorded: true })
    expect(world.machine.state).toMatchObject({ status: 'halted', isRecorded: true })
    world.lease({ status: 'none' })
    world.hold(2)
    world.advance(1_000_000)
    expect(world.status).toBe('halted')
  })

  it('is recorded later when the store is away', () => {
    const world = WORLDS.halted()
    world.dispatch({ type: 'halt-recorded', isRecorded: false })
    const count = world.effects.length
    world.advance(2_000)
    expect(world.effects.slice(count)).toEqual([{ type: 'halt-session', cause: 'logged-out' }])
  })

  it('is recorded by the next epoch when the lease went away with it', () => {
    const world = WORLDS.halted()
    world.lease({ status: 'none' })
    world.dispatch({ type: 'halt-recorded', isRecorded: false })
    expect(timerOf(world.machine.state)).toBeUndefined()
    world.hold(2)
    expect(world.effects.at(-1)).toEqual({ type: 'halt-session', cause: 'logged-out' })
  })

  it('stands from the start when an earlier process recorded it', () => {
    const world = new PolicyWorld()
    world.lease({ status: 'halted', cause: 'forbidden' })
    expect(world.machine.state).toMatchObject({ status: 'halted', cause: 'forbidden', isRecorded: true })
    expect(world.effects).not.toContainEqual(expect.objectContaining({ type: 'request-attempt' }))
  })

  it('follows a terminal word of the server although we had begun to end the socket ourselves', () => {
    const world = after('open', (opened) => opened.failCheck('connection-lost'))
    world.close(401)
    world.ended()
    expect(world.machine.state).toMatchObject({ status: 'halted', cause: 'logged-out' })
  })

  it('is not recorded without the lease, but with the next one', () => {
    const world = after('open', (opened) => opened.lease({ status: 'none' }))
    world.close(401)
    world.ended()
    expect(world.status).toBe('halted')
    expect(world.effects.at(-1)).toEqual({ type: 'drop-auth' })
    world.hold(2)
    expect(world.effects.at(-1)).toEqual({ type: 'halt-session', cause: 'logged-out' })
  })

  it('does not follow from the report of our own end', () => {
    const world = after('open', (opened) => opened.failCheck('deaf'))
    world.close(428)
    world.ended()
    expect([world.status, world.lastCause()]).toEqual(['waiting', 'deaf'])
  })
})

describe('the lease', () => {
  it('changes nothing when it is what it was', () => {
    const world = WORLDS.open()
    const before = world.machine
    world.hold(1)
    expect(world.machine).toEqual(before)
  })

  it.each(['connecting', 'pairing', 'open'] as const)('ends the socket when it goes while %s', (status) => {
    const world = WORLDS[status]()
    world.lease({ status: 'none' })
    expect(world.effects.at(-1)).toEqual({ type: 'end-socket', generation: 1 })
    world.ended()
    expect([world.status, world.failures]).toEqual(['standby', 0])
  })

  it('ends the socket when the epoch is another, and connects with the new one', () => {
    const world = after('open', (opened) => opened.hold(2))
    expect(world.status).toBe('ending')
    world.ended()
    expect(world.effects.at(-1)).toEqual({ type: 'request-attempt', ask: 2, epoch: 2 })
  })

  it('does not shorten a wait by going and coming', () => {
    const world = after('open', (opened) => void opened.fail(440))
    const untilMs = world.nowMs + (world.waitMs() ?? 0)
    world.lease({ status: 'none' })
    world.advance(10_000)
    world.hold()
    expect(world.machine.state).toEqual({ status: 'waiting', why: 'backoff', untilMs })
  })

  it('is not needed any more once the attempt has become pointless', () => {
    const world = after('charging', (asked) => asked.lease({ status: 'none' }))
    world.dispatch({ type: 'attempt-answered', ask: 1, outcome: { status: 'granted' } })
    expect([world.status, world.connects]).toEqual(['standby', 0])
  })
})
