import { describe, expect, it } from 'vitest'
import { timerOf } from '../../../src/connection/connection-state.ts'
import type { ConnectionEvent } from '../../../src/connection/connection-state.ts'
import { CAUSE_RULES, causeOf } from '../../../src/connection/disconnect-cause.ts'
import { STATUSES, WORLDS, after } from './worlds-by-state.ts'

const CODES = [401, 402, 403, 405, 406, 408, 411, 428, 440, 500, 503, 515, 999, undefined]

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
  { type: 'check-failed', generation: 1, cause: 'phone-unheard' },
  { type: 'store-failed', generation: 1, what: 'message', code: 'store-busy' },
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
