import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LeaseRenewal, LeaseRow } from '../../../src/ports/session-store.ts'
import {
  attemptRetryAfterMs,
  decideLease,
  isSameStanding,
  provenUntilMs,
  standingOf,
} from '../../../src/session/lease-policy.ts'
import type {
  LeaseDecision,
  LeaseEvent,
  LeaseSettings,
  LeaseStanding,
  LeaseState,
} from '../../../src/session/lease-policy.ts'

const settings: LeaseSettings = {
  durationMs: 45_000,
  renewIntervalMs: 15_000,
  marginMs: 10_000,
  pollIntervalMs: 5_000,
  attemptWindowMs: 600_000,
  maxAttemptsPerWindow: 12,
}

function decide(
  state: LeaseState,
  event: LeaseEvent,
  at: { issuedAtMs?: number; nowMs?: number; draw?: number } = {},
): LeaseDecision {
  const nowMs = at.nowMs ?? 100_000
  const moment = { issuedAtMs: at.issuedAtMs ?? nowMs, nowMs }
  return decideLease(state, event, moment, { owner: 'me', settings, random: { next: () => at.draw ?? 0.5 } })
}

function rowOf(row: Partial<LeaseRow> = {}): LeaseRow {
  return { owner: 'other', epoch: 7, counter: 3, isReleased: false, haltedBy: undefined, ...row }
}

function watching(sinceMs?: number, stamp = { epoch: 7, counter: 3 }): LeaseState {
  return { mode: 'watching', seen: sinceMs === undefined ? undefined : { stamp, sinceMs } }
}

function holding(state: Partial<Extract<LeaseState, { mode: 'holding' }>> = {}): LeaseState {
  return { mode: 'holding', epoch: 8, provenAtMs: 90_000, haltedBy: undefined, failures: 0, ...state }
}

function renewed(renewal: Partial<Extract<LeaseRenewal, { status: 'renewed' }>> = {}): LeaseEvent {
  const defaults = { counter: 1, haltedBy: undefined, isCharged: false, attemptTimesMs: [] }
  return { type: 'renewed', renewal: { status: 'renewed', ...defaults, ...renewal } }
}

const unproven: LeaseState = { mode: 'unproven', epoch: 8, failures: 2 }
const take = (expected: { epoch: number; counter: number } | undefined) => ({
  operation: { kind: 'take', expected },
  delayMs: 0,
})
const read = (delayMs: number) => ({ operation: { kind: 'read' }, delayMs })
const renew = (delayMs: number) => ({ operation: { kind: 'renew', epoch: 8 }, delayMs })

function retryDelayMs(failures: number, draw: number): number | undefined {
  return decide(holding({ failures }), { type: 'failed' }, { draw }).next?.delayMs
}

/** What the store might answer to the planned operation. */
function answerTo(decision: LeaseDecision, kind: string, draw: number): LeaseEvent {
  if (kind === 'failed' || kind === 'tick') return { type: kind }
  const isYes = kind === 'ok'
  const operation = decision.next?.operation.kind
  if (operation === 'take') {
    return { type: 'taken', row: isYes ? rowOf({ owner: 'me', epoch: 8, counter: 0 }) : undefined }
  }
  if (operation === 'renew') return isYes ? renewed() : { type: 'renewed', renewal: { status: 'lost' } }
  return { type: 'read', row: isYes ? rowOf({ counter: draw < 0.2 ? 4 : 3 }) : undefined }
}

describe('a standby', () => {
  it('takes a session that was never leased at once', () => {
    expect(decide(watching(), { type: 'read', row: undefined }).next).toStrictEqual(take(undefined))
  })

  it('takes a released lease at once', () => {
    const row = rowOf({ isReleased: true })
    expect(decide(watching(), { type: 'read', row }).next).toStrictEqual(take({ epoch: 7, counter: 3 }))
  })

  it('takes the lease of its own owner at once: its predecessor in this dyno boot has ended', () => {
    const row = rowOf({ owner: 'me' })
    expect(decide(watching(), { type: 'read', row }).next).toStrictEqual(take({ epoch: 7, counter: 3 }))
  })

  it('counts from the answer that first showed the stamp', () => {
    expect(decide(watching(), { type: 'read', row: rowOf() }, { issuedAtMs: 98_000 })).toStrictEqual({
      state: watching(100_000),
      next: read(5_000),
    })
  })

  it('keeps counting while the stamp stays, and looks again no later than the lease can be taken', () => {
    const event: LeaseEvent = { type: 'read', row: rowOf() }
    expect(decide(watching(70_000), event)).toStrictEqual({ state: watching(70_000), next: read(5_000) })
    expect(decide(watching(56_500), event)).toStrictEqual({ state: watching(56_500), next: read(1_500) })
  })

  it('takes over when the stamp was unchanged for the lease time, not a millisecond before', () => {
    const event: LeaseEvent = { type: 'read', row: rowOf() }
    expect(decide(watching(55_001), event).next).toStrictEqual(read(1))
    expect(decide(watching(55_000), event).next).toStrictEqual(take({ epoch: 7, counter: 3 }))
  })

  it.each([rowOf({ counter: 4 }), rowOf({ epoch: 8, counter: 3 })])('starts anew at another stamp', (row) => {
    const { state } = decide(watching(55_000), { type: 'read', row })
    expect(state).toStrictEqual(watching(100_000, { epoch: row.epoch, counter: row.counter }))
  })

  it('looks with ±10 % of jitter', () => {
    const event: LeaseEvent = { type: 'read', row: rowOf() }
    expect(decide(watching(), event, { draw: 0 }).next).toStrictEqual(read(4_500))
    expect(decide(watching(), event, { draw: 0.999 }).next).toStrictEqual(read(5_499))
  })

  it('keeps what it has seen when the store does not answer', () => {
    expect(decide(watching(70_000), { type: 'failed' })).toStrictEqual({
      state: watching(70_000),
      next: read(5_000),
    })
  })

  it('forgets what it has seen when another was quicker', () => {
    expect(decide(watching(55_000), { type: 'taken', row: undefined })).toStrictEqual({
      state: watching(),
      next: read(5_000),
    })
  })

  it('holds what it took, from the moment the take was issued', () => {
    const event: LeaseEvent = { type: 'taken', row: rowOf({ owner: 'me', epoch: 8, counter: 0 }) }
    expect(decide(watching(55_000), event, { issuedAtMs: 99_000 })).toStrictEqual({
      state: holding({ provenAtMs: 99_000 }),
      next: renew(14_000),
    })
  })
})

describe('a holder', () => {
  it('counts from the moment the renewal was issued', () => {
    expect(decide(holding(), renewed(), { issuedAtMs: 99_000 })).toStrictEqual({
      state: holding({ provenAtMs: 99_000 }),
      next: renew(14_000),
    })
  })

  it('gives up the margin before expiry, not a millisecond earlier', () => {
    const state = holding({ provenAtMs: 65_001 })
    expect(decide(state, { type: 'tick' })).toStrictEqual({ state, next: undefined })
    expect(decide(holding({ provenAtMs: 65_000 }), { type: 'tick' })).toStrictEqual({
      state: { mode: 'unproven', epoch: 8, failures: 0 },
      next: undefined,
    })
  })

  it('takes an answer for no proof that came after the proof had expired, and asks again', () => {
    expect(decide(holding(), renewed(), { issuedAtMs: 65_000 })).toStrictEqual({
      state: { mode: 'unproven', epoch: 8, failures: 0 },
      next: renew(0),
    })
  })

  it('gives up also when the event that comes so late is a failure', () => {
    const { state } = decide(holding({ provenAtMs: 65_000 }), { type: 'failed' })
    expect(state).toStrictEqual({ mode: 'unproven', epoch: 8, failures: 1 })
  })

  it('tries a failed renewal again after 1 to 2 s, then more slowly, never slower than a standby looks', () => {
    expect([retryDelayMs(0, 0), retryDelayMs(0, 0.999)]).toStrictEqual([1_000, 1_999])
    expect([retryDelayMs(1, 0), retryDelayMs(1, 0.999)]).toStrictEqual([2_000, 3_998])
    expect([retryDelayMs(40, 0), retryDelayMs(40, 0.999)]).toStrictEqual([2_500, 4_997])
  })

  it('holds on while renewals fail', () => {
    expect(decide(holding({ failures: 1 }), { type: 'failed' }).state).toStrictEqual(holding({ failures: 2 }))
  })

  it('stands by when the lease is another’s, and looks at once', () => {
    const event: LeaseEvent = { type: 'renewed', renewal: { status: 'lost' } }
    const expected = { state: watching(), next: read(0) }
    expect(decide(holding(), event)).toStrictEqual(expected)
    expect(decide(unproven, event)).toStrictEqual(expected)
  })

  it('goes on asking after it gave up, and holds the same epoch again', () => {
    expect(decide(unproven, { type: 'failed' })).toStrictEqual({
      state: { mode: 'unproven', epoch: 8, failures: 3 },
      next: renew(3_750),
    })
    expect(decide(unproven, renewed()).state).toStrictEqual(holding({ provenAtMs: 100_000 }))
  })

  it('is halted while the row says so, and renews all the same', () => {
    const halted = decide(holding(), renewed({ haltedBy: 'logged-out' }))
    expect(standingOf(halted.state)).toStrictEqual({ status: 'halted', cause: 'logged-out' })
    expect(halted.next).toStrictEqual(renew(15_000))
    const event: LeaseEvent = { type: 'taken', row: rowOf({ owner: 'me', haltedBy: 'banned' }) }
    expect(standingOf(decide(watching(), event).state)).toStrictEqual({ status: 'halted', cause: 'banned' })
    expect(standingOf(decide(halted.state, renewed()).state)).toStrictEqual({ status: 'held', epoch: 8 })
  })
})

describe('standing', () => {
  it('is held only while holding', () => {
    expect([watching(), unproven, holding()].map((state) => standingOf(state))).toStrictEqual([
      { status: 'none' },
      { status: 'none' },
      { status: 'held', epoch: 8 },
    ])
  })

  it('is the same only when nothing in it differs', () => {
    const standings: LeaseStanding[] = [
      { status: 'none' },
      { status: 'held', epoch: 1 },
      { status: 'held', epoch: 2 },
      { status: 'halted', cause: 'a' },
      { status: 'halted', cause: 'b' },
    ]
    const table = standings.map((a) => standings.map((b) => isSameStanding(a, b)))
    expect(table).toStrictEqual(standings.map((_a, row) => standings.map((_b, column) => row === column)))
  })
})

describe('every sequence of events', () => {
  const times = fc.record({
    passMs: fc.nat(60_000),
    latencyMs: fc.nat(50_000),
    draw: fc.double({ min: 0, max: 0.999, noNaN: true }),
  })
  const kinds = fc.constantFrom('ok', 'ok', 'ok', 'failed', 'denied', 'tick')

  it('always plans one next operation, and believes only within its proof', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(kinds, times), { maxLength: 60 }), (steps) => {
        let nowMs = 0
        let decision: LeaseDecision = { state: watching(), next: { operation: { kind: 'read' }, delayMs: 0 } }
        for (const [kind, { passMs, latencyMs, draw }] of steps) {
          const plan = decision.next
          const issuedAtMs = nowMs + (kind === 'tick' ? 0 : Math.max(passMs, plan?.delayMs ?? 0))
          nowMs = issuedAtMs + (kind === 'tick' ? passMs : latencyMs)
          const event = answerTo(decision, kind, draw)
          const made = decide(decision.state, event, { issuedAtMs, nowMs, draw })
          decision = { state: made.state, next: made.next ?? plan }
          expect(decision.next?.delayMs).toBeGreaterThanOrEqual(0)
          expect(decision.next?.operation.kind === 'renew').toBe(decision.state.mode !== 'watching')
          const untilMs =
            decision.state.mode === 'holding' ? provenUntilMs(decision.state, settings) : Infinity
          expect(nowMs).toBeLessThan(untilMs)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a refused attempt', () => {
  const startMs = 1_700_000_000_000

  it('waits until the oldest attempt in a full window has left it', () => {
    const times = Array.from({ length: 12 }, (_, index) => startMs + index * 1_000)
    expect(attemptRetryAfterMs(times, startMs + 60_000, settings)).toBe(540_000)
  })

  it('waits for as many to leave as there are too many', () => {
    const times = Array.from({ length: 14 }, (_, index) => startMs + index * 1_000)
    expect(attemptRetryAfterMs(times, startMs + 60_000, settings)).toBe(542_000)
  })

  it('waits the whole window when it cannot be known', () => {
    expect(attemptRetryAfterMs([], startMs, settings)).toBe(600_000)
  })

  it('waits at least a moment and at most the window, whatever the wall clock did', () => {
    const times = fc.array(fc.integer({ min: -2_000_000, max: 2_000_000 }), { maxLength: 20 })
    fc.assert(
      fc.property(times, fc.integer({ min: -2_000_000, max: 2_000_000 }), (offsets, nowMs) => {
        const retryAfterMs = attemptRetryAfterMs(
          offsets.toSorted((a, b) => a - b),
          nowMs,
          settings,
        )
        expect(retryAfterMs).toBeGreaterThanOrEqual(1)
        expect(retryAfterMs).toBeLessThanOrEqual(600_000)
      }),
    )
  })
})
