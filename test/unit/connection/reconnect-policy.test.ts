import { describe, expect, it } from 'vitest'
import { timerOf } from '../../../src/connection/connection-state.ts'
import type { ConnectionEvent, ConnectionState } from '../../../src/connection/connection-state.ts'
import { CAUSE_RULES, causeOf } from '../../../src/connection/disconnect-cause.ts'
import { PolicyWorld, TERMINAL_CODES } from './policy-world.ts'
import { SETTINGS } from './settings.ts'

type Status = ConnectionState['status']

const CODES = [401, 402, 403, 405, 406, 408, 411, 428, 440, 500, 503, 515, 999, undefined]

/** A world in each state, reached the ordinary way. */
const WORLDS: Readonly<Record<Status, () => PolicyWorld>> = {
  standby: () => new PolicyWorld(),
  charging: () => after('standby', (world) => world.hold()),
  waiting: () => after('charging', (world) => world.answer({ status: 'unreachable' })),
  connecting: () => after('charging', (world) => world.grant()),
  pairing: () => after('connecting', (world) => world.qr()),
  open: () => after('connecting', (world) => world.open()),
  ending: () => after('open', (world) => world.close(428)),
  halted: () => after('open', (world) => world.fail(401)),
  stopped: () => after('standby', (world) => void world.dispatch({ type: 'stop' })),
}
const STATUSES = Object.keys(WORLDS).filter(isStatus)

function after(status: Status, move: (world: PolicyWorld) => void): PolicyWorld {
  const world = WORLDS[status]()
  move(world)
  return world
}

function isStatus(name: string): name is Status {
  return name in WORLDS
}

/** Every event, of the present socket and ask. */
const EVENTS: readonly ConnectionEvent[] = [
  { type: 'lease-changed', standing: { status: 'none' } },
  { type: 'lease-changed', standing: { status: 'held', epoch: 1 } },
  { type: 'lease-changed', standing: { status: 'held', epoch: 2 } },
  { type: 'lease-changed', standing: { status: 'halted', cause: 'logged-out' } },
  { type: 'lease-verified', epoch: 1, outcome: 'held' },
  { type: 'lease-verified', epoch: 1, outcome: 'lost' },
  { type: 'lease-verified', epoch: 1, outcome: 'unreachable' },
  { type: 'attempt-answered', ask: 1, outcome: { status: 'granted' } },
  { type: 'attempt-answered', ask: 1, outcome: { status: 'refused', retryAfterMs: 5 } },
  { type: 'attempt-answered', ask: 1, outcome: { status: 'unreachable' } },
  { type: 'attempt-answered', ask: 1, outcome: { status: 'lost' } },
  { type: 'timer' },
  { type: 'qr', generation: 1, text: 'another' },
  { type: 'opened', generation: 1 },
  ...CODES.map(
    (statusCode) => ({ type: 'closed', generation: 1, report: { statusCode, message: '' } }) as const,
  ),
  { type: 'check-failed', generation: 1, cause: 'connection-lost' },
  { type: 'check-failed', generation: 1, cause: 'deaf' },
  { type: 'ended', generation: 1 },
  { type: 'halt-recorded', isRecorded: true },
  { type: 'halt-recorded', isRecorded: false },
  { type: 'paused' },
  { type: 'resumed' },
  { type: 'stop' },
]

describe('transition', () => {
  it.each(STATUSES)('knows what to do with every event while %s', (status) => {
    for (const event of EVENTS) {
      const world = WORLDS[status]()
      expect(world.status).toBe(status)
      world.dispatch(event)
      expect(STATUSES, `${status} × ${event.type}`).toContain(world.status)
      expect(world.liveSockets.length).toBeLessThanOrEqual(1)
      expect(timerOf(world.machine.state)?.dueMs ?? 0).not.toBeNaN()
    }
  })

  it.each(['connecting', 'pairing', 'open'] as const)(
    'ends a socket that closes while %s before all else',
    (status) => {
      for (const code of CODES) {
        const world = after(status, (opened) => opened.close(code))
        expect(world.status).toBe('ending')
        expect(world.effects.at(-1)?.type).toBe(code === 440 ? 'verify-lease' : 'end-socket')
      }
    },
  )

  it.each(['connecting', 'pairing', 'open'] as const)(
    'follows the rule of each cause after a close while %s',
    (phase) => {
      for (const statusCode of CODES) {
        const world = after(phase, (opened) => void opened.fail(statusCode))
        const rule = CAUSE_RULES[causeOf({ statusCode, message: '' }, { phase })]
        const expected = { halt: 'halted', restart: 'charging' } as const
        expect(world.status, `code ${statusCode}`).toBe(
          rule === 'halt' || rule === 'restart' ? expected[rule] : 'waiting',
        )
      }
    },
  )

  it.each(['standby', 'charging', 'waiting', 'halted', 'stopped'] as const)(
    'takes nothing from a socket while %s',
    (status) => {
      for (const code of CODES) {
        const world = WORLDS[status]()
        const before = world.machine
        world.close(code)
        world.ended()
        world.open()
        world.qr()
        expect(world.machine).toEqual(before)
      }
    },
  )
})

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
