import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { timerOf } from '../../../src/connection/connection-state.ts'
import type { LeaseStanding } from '../../../src/session/lease.ts'
import { PolicyWorld } from './policy-world.ts'
import { SETTINGS } from './settings.ts'

type Move = (world: PolicyWorld) => void

const CODES = [401, 402, 403, 405, 406, 408, 411, 428, 440, 500, 503, 515, 999, undefined]
const HARMLESS_CODES = [405, 408, 428, 440, 500, 503, 515, 999, undefined]
const LARGEST_WAIT_MS = 1_800_000

const standings: fc.Arbitrary<LeaseStanding> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<LeaseStanding>({ status: 'none' }) },
  {
    weight: 4,
    arbitrary: fc.integer({ min: 1, max: 3 }).map((epoch): LeaseStanding => ({ status: 'held', epoch })),
  },
)

/** What happens in the ordinary course, so that runs get somewhere. */
function helpfulMoves(codes: readonly (number | undefined)[]): fc.Arbitrary<Move> {
  return fc.oneof(
    fc.constant<Move>((world) => world.hold(world.standing.status === 'held' ? world.standing.epoch : 1)),
    fc.constant<Move>((world) => world.grant()),
    fc.constant<Move>((world) => world.open()),
    fc.constant<Move>((world) => world.reconnect()),
    fc.constantFrom(...codes).map(
      (code): Move =>
        (world) =>
          world.close(code),
    ),
    fc.constant<Move>((world) => world.ended()),
    fc.constantFrom(0, 1, 900, 3_000, 60_000, 119_999, 121_000, 2_000_000).map(
      (ms): Move =>
        (world) =>
          world.advance(ms),
    ),
  )
}

/** Everything else, late and foreign events included. */
const disturbingMoves: fc.Arbitrary<Move> = fc.oneof(
  standings.map(
    (standing): Move =>
      (world) =>
        world.lease(standing),
  ),
  fc
    .constantFrom(
      { status: 'refused', retryAfterMs: 0 } as const,
      { status: 'refused', retryAfterMs: 90_000 } as const,
      { status: 'lost' } as const,
      { status: 'unreachable' } as const,
    )
    .map(
      (outcome): Move =>
        (world) =>
          world.answer(outcome),
    ),
  fc.constant<Move>((world) => world.qr()),
  fc.constantFrom('deaf' as const, 'connection-lost' as const, 'phone-unheard' as const).map(
    (cause): Move =>
      (world) =>
        world.failCheck(cause),
  ),
  fc.constant<Move>((world) => (world.hasInbound = true)),
  fc.constant<Move>((world) => void world.dispatch({ type: 'timer' })),
  fc.constant<Move>((world) => void world.dispatch({ type: 'paused' })),
  fc.constant<Move>((world) => void world.dispatch({ type: 'resumed' })),
  fc.boolean().map(
    (isRecorded): Move =>
      (world) =>
        void world.dispatch({ type: 'halt-recorded', isRecorded }),
  ),
  fc
    .constantFrom('held' as const, 'lost' as const, 'unreachable' as const)
    .map((outcome): Move => (world) => {
      void world.dispatch({ type: 'lease-verified', epoch: 1, outcome })
      if (world.machine.standing.status === 'none') world.standing = { status: 'none' }
    }),
  // Of a replaced socket, and of an earlier ask.
  fc.constant<Move>((world) => {
    const generation = world.machine.tally.generations - 1
    const before = world.machine
    world.dispatch({ type: 'opened', generation })
    world.dispatch({ type: 'qr', generation, text: 'late' })
    world.dispatch({ type: 'closed', generation, report: { statusCode: 401, message: 'late' } })
    world.dispatch({ type: 'ended', generation })
    world.dispatch({ type: 'check-failed', generation, cause: 'deaf' })
    world.dispatch({
      type: 'attempt-answered',
      ask: world.machine.tally.asks - 1,
      outcome: { status: 'granted' },
    })
    assert.deepEqual(world.machine, before)
  }),
)

function runs(codes: readonly (number | undefined)[]): fc.Arbitrary<readonly Move[]> {
  return fc.array(
    fc.oneof({ weight: 5, arbitrary: helpfulMoves(codes) }, { weight: 2, arbitrary: disturbingMoves }),
    { minLength: 40, maxLength: 160 },
  )
}

/** Plays the moves in a fresh world and lets `check` look after each; it gets what was before, too. */
function play(moves: readonly Move[], check: (world: PolicyWorld, before: Snapshot) => void): PolicyWorld {
  const world = new PolicyWorld(moves.length)
  world.hold()
  for (const move of moves) {
    const before = snapshotOf(world)
    move(world)
    check(world, before)
  }
  return world
}

interface Snapshot {
  readonly failures: number
  readonly connects: number
  readonly grants: number
  readonly isTerminal: boolean
  readonly openSinceMs: number | undefined
}

function snapshotOf(world: PolicyWorld): Snapshot {
  const { state } = world.machine
  const openSinceMs = state.status === 'open' ? state.sinceMs : undefined
  const { failures, connects, grants, isTerminal } = world
  return { failures, connects, grants, isTerminal, openSinceMs }
}

describe('the policy, whatever happens', () => {
  it('never has two sockets', () => {
    let seen = 0
    fc.assert(
      fc.property(runs(HARMLESS_CODES), (moves) => {
        const world = play(moves, ({ liveSockets }) => expect(liveSockets.length).toBeLessThanOrEqual(1))
        seen = Math.max(seen, world.connects)
      }),
    )
    expect(seen).toBeGreaterThan(3)
  })

  it('never connects without a grant of its own, nor unproven, nor paused', () => {
    fc.assert(
      fc.property(runs(HARMLESS_CODES), (moves) => {
        play(moves, (world, before) => {
          if (world.connects === before.connects) return
          expect(world.connects - before.connects).toBe(1)
          expect(world.grants).toBe(before.grants + 1)
          expect(world.standing.status).toBe('held')
          expect(world.machine.isPaused).toBe(false)
        })
      }),
    )
  })

  it('waits between 0 and the largest cap, and never without an end but for a pause', () => {
    fc.assert(
      fc.property(runs(HARMLESS_CODES), (moves) => {
        play(moves, (world) => {
          const { state } = world.machine
          const timer = timerOf(state)
          expect((timer?.dueMs ?? 0) - world.nowMs).toBeLessThanOrEqual(LARGEST_WAIT_MS)
          if (state.status !== 'waiting') return
          expect(state.untilMs === undefined).toBe(state.why === 'paused')
          expect(world.waitMs() ?? 0).toBeGreaterThanOrEqual(0)
        })
      }),
    )
  })

  it('forgets failures after stable uptime only', () => {
    let forgotten = 0
    fc.assert(
      fc.property(runs(HARMLESS_CODES), (moves) => {
        play(moves, (world, before) => {
          if (world.failures >= before.failures) return
          forgotten += 1
          expect(before.openSinceMs).toBeDefined()
          expect(world.nowMs - (before.openSinceMs ?? world.nowMs)).toBeGreaterThanOrEqual(
            SETTINGS.stableUptimeMs,
          )
        })
      }),
    )
    expect(forgotten).toBeGreaterThan(0)
  })

  it('never connects again after a terminal cause', () => {
    let halted = 0
    fc.assert(
      fc.property(runs(CODES), (moves) => {
        const world = play(moves, ({ connects, isTerminal }, before) => {
          expect(connects === before.connects || !before.isTerminal).toBe(true)
          if (isTerminal) halted += 1
        })
        expect(['ending', 'halted'].includes(world.status) || !world.isTerminal).toBe(true)
      }),
    )
    expect(halted).toBeGreaterThan(0)
  })

  it('goes for another attempt by itself once everything is well again', () => {
    fc.assert(
      fc.property(runs(HARMLESS_CODES), (moves) => {
        const world = play(moves, () => undefined)
        world.dispatch({ type: 'resumed' })
        world.hold(7)
        world.ended()
        world.advance(LARGEST_WAIT_MS)
        expect(world.status).toBe('charging')
        world.grant()
        world.open()
        expect(world.status).toBe('open')
      }),
    )
  })

  it('stops from everywhere, and stays stopped', () => {
    fc.assert(
      fc.property(runs(CODES), runs(CODES), (moves, later) => {
        const world = play(moves, () => undefined)
        world.dispatch({ type: 'stop' })
        world.advance(SETTINGS.endTimeoutMs)
        expect(world.status).toBe('stopped')
        expect(world.effects.filter(({ type }) => type === 'finish')).toHaveLength(1)
        const { connects } = world
        for (const move of later) move(world)
        expect(world.status).toBe('stopped')
        expect(world.connects).toBe(connects)
        expect(world.effects.filter(({ type }) => type === 'finish')).toHaveLength(1)
      }),
    )
  })
})
