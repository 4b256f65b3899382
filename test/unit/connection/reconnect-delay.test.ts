import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { INITIAL_MACHINE } from '../../../src/connection/connection-state.ts'
import type { Tally } from '../../../src/connection/connection-state.ts'
import { CAUSE_RULES } from '../../../src/connection/disconnect-cause.ts'
import type { DisconnectCause } from '../../../src/connection/disconnect-cause.ts'
import {
  afterUptime,
  countDisconnect,
  isProbing,
  reconnectDelayMs,
  reconnectEnvelopeMs,
} from '../../../src/connection/reconnect-delay.ts'
import { MIDDLE, seededRandom, SETTINGS } from './settings.ts'

const CAUSES = Object.keys(CAUSE_RULES).filter(isCause)
const RETRIED = CAUSES.filter((cause) => CAUSE_RULES[cause] !== 'halt')
const LARGEST_ENVELOPE_MS = 1_800_000

function isCause(name: string): name is DisconnectCause {
  return name in CAUSE_RULES
}

function tallyOf(...causes: readonly DisconnectCause[]): Tally {
  return causes.reduce((tally, cause) => countDisconnect(tally, cause), INITIAL_MACHINE.tally)
}

function delayAfter(causes: readonly DisconnectCause[], cause: DisconnectCause, random = MIDDLE): number {
  const before = tallyOf(...causes)
  return reconnectDelayMs(before, countDisconnect(before, cause), cause, { settings: SETTINGS, random })
}

function times(count: number, cause: DisconnectCause): DisconnectCause[] {
  return Array.from({ length: count }, () => cause)
}

describe('reconnectDelayMs', () => {
  it('waits longer after each failure, whatever its cause', () => {
    expect(delayAfter([], 'connection-closed')).toBe(1_500)
    expect(delayAfter(['connection-closed'], 'unknown')).toBe(3_000)
    expect(delayAfter(['connection-closed', 'unknown'], 'bad-session')).toBe(6_000)
    expect(delayAfter(times(10, 'service-unavailable'), 'service-unavailable')).toBe(225_000)
  })

  it('restarts at once the first time, and backs off from the second', () => {
    expect(delayAfter([], 'restart-required')).toBe(0)
    expect(delayAfter(['restart-required'], 'restart-required')).toBe(1_500)
    expect(delayAfter(times(2, 'restart-required'), 'restart-required')).toBe(3_000)
    expect(delayAfter(times(4, 'connection-closed'), 'restart-required')).toBe(0)
  })

  it('waits at least 30 s after a conflict, and longer each time', () => {
    const lowest = { next: () => 0 }
    const delays = [0, 1, 2, 3, 9].map((count) =>
      delayAfter(times(count, 'connection-replaced'), 'connection-replaced', lowest),
    )
    expect(delays).toEqual([30_000, 60_000, 120_000, 240_000, 300_000])
  })

  it('is slow after a refused version', () => {
    expect(delayAfter([], 'version-rejected')).toBe(45_000)
    expect(delayAfter(times(9, 'version-rejected'), 'version-rejected')).toBe(1_350_000)
  })

  it('starts over calmly after an unscanned QR, however often', () => {
    expect(delayAfter(times(500, 'qr-expired'), 'qr-expired')).toBe(1_500)
    expect(tallyOf(...times(500, 'qr-expired')).failures).toBe(0)
  })

  it('turns to slow probing after the quick attempts, and stays there', () => {
    expect(isProbing(tallyOf(...times(15, 'timed-out')), SETTINGS)).toBe(false)
    expect(delayAfter(times(14, 'timed-out'), 'timed-out')).toBe(225_000)
    expect(isProbing(tallyOf(...times(16, 'timed-out')), SETTINGS)).toBe(true)
    expect(delayAfter(times(15, 'timed-out'), 'timed-out')).toBe(675_000)
    expect(delayAfter(times(5_000, 'timed-out'), 'timed-out')).toBe(675_000)
  })

  it('keeps its jitter while probing', () => {
    const random = seededRandom(7)
    const delays = Array.from({ length: 1_000 }, () =>
      delayAfter(times(20, 'timed-out'), 'timed-out', random),
    )
    expect(Math.min(...delays)).toBeLessThan(460_000)
    expect(Math.max(...delays)).toBeGreaterThan(890_000)
    expect(new Set(delays).size).toBeGreaterThan(950)
  })

  it('stays within 0 and the cap for every history', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...RETRIED), { maxLength: 40 }),
        fc.constantFrom(...RETRIED),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (history, cause, drawn) => {
          const delayMs = delayAfter(history, cause, { next: () => drawn })
          expect(delayMs).toBeGreaterThanOrEqual(0)
          expect(delayMs).toBeLessThanOrEqual(LARGEST_ENVELOPE_MS)
        },
      ),
    )
  })
})

describe('reconnectEnvelopeMs', () => {
  it('never shrinks for one cause until the failures are forgotten', () => {
    const counted = RETRIED.filter((cause) => CAUSE_RULES[cause] !== 'start-over')
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...counted), { maxLength: 40 }), (history) => {
        const lastMs = new Map<DisconnectCause, number>()
        let tally = tallyOf('restart-required')
        for (const cause of history) {
          tally = countDisconnect(tally, cause)
          const envelopeMs = reconnectEnvelopeMs(tally, cause, SETTINGS)
          expect(envelopeMs).toBeGreaterThanOrEqual(lastMs.get(cause) ?? 0)
          expect(envelopeMs).toBeGreaterThanOrEqual(reconnectEnvelopeMs(tally, 'timed-out', SETTINGS))
          lastMs.set(cause, envelopeMs)
        }
      }),
    )
  })
})

describe('afterUptime', () => {
  it('forgets after stable uptime only', () => {
    const tally = tallyOf('restart-required', 'connection-replaced', 'version-rejected', 'timed-out')
    expect(afterUptime(tally, 119_999, SETTINGS)).toBe(tally)
    expect(afterUptime(tally, 120_000, SETTINGS)).toEqual(INITIAL_MACHINE.tally)
  })
})

describe('countDisconnect', () => {
  it.each(CAUSES)('counts %s by its rule', (cause) => {
    const uncounted: readonly string[] = ['halt', 'start-over', 'restart']
    const tally = countDisconnect(INITIAL_MACHINE.tally, cause)
    expect(tally.failures).toBe(uncounted.includes(CAUSE_RULES[cause]) ? 0 : 1)
    expect(tally.lastCause).toBe(cause)
  })
})
