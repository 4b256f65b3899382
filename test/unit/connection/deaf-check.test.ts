import { describe, expect, it } from 'vitest'
import { suspicionOf } from '../../../src/connection/deaf-check.ts'
import type { DeafSigns } from '../../../src/connection/deaf-check.ts'
import { SETTINGS } from './settings.ts'

const MINUTE_MS = 60_000

function suspect(signs: Partial<DeafSigns>): ReturnType<typeof suspicionOf> {
  const harmless: DeafSigns = {
    nowMs: 100 * MINUTE_MS,
    openSinceMs: 0,
    lastInboundMs: 99 * MINUTE_MS,
    oldestUnackedMs: undefined,
    lastProbeMs: undefined,
  }
  return suspicionOf({ ...harmless, ...signs }, SETTINGS)
}

describe('suspicionOf', () => {
  it('suspects nothing while messages come and sends are confirmed', () => {
    expect(suspect({})).toBeUndefined()
  })

  it('suspects a send that nobody confirmed for a minute', () => {
    expect(suspect({ oldestUnackedMs: 99 * MINUTE_MS })).toBe('unacked')
    expect(suspect({ oldestUnackedMs: 99 * MINUTE_MS + 1 })).toBeUndefined()
  })

  it('suspects half an hour without any message', () => {
    expect(suspect({ lastInboundMs: 70 * MINUTE_MS })).toBe('quiet')
    expect(suspect({ lastInboundMs: 70 * MINUTE_MS + 1 })).toBeUndefined()
  })

  it('counts the silence from the opening when no message ever came', () => {
    expect(suspect({ lastInboundMs: undefined, openSinceMs: 70 * MINUTE_MS })).toBe('quiet')
    expect(suspect({ lastInboundMs: undefined, openSinceMs: 71 * MINUTE_MS })).toBeUndefined()
  })

  it('probes at most every half hour, whatever the suspicion', () => {
    const quiet = { lastInboundMs: undefined, oldestUnackedMs: 10 * MINUTE_MS }
    expect(suspect({ ...quiet, lastProbeMs: 71 * MINUTE_MS })).toBeUndefined()
    expect(suspect({ ...quiet, lastProbeMs: 70 * MINUTE_MS })).toBe('unacked')
    expect(suspect({ lastInboundMs: undefined, lastProbeMs: 70 * MINUTE_MS })).toBe('quiet')
  })

  it('takes a probe for a sign of life', () => {
    const signs = { lastInboundMs: undefined, lastProbeMs: 70 * MINUTE_MS }
    const often = { ...SETTINGS, minDeafProbeIntervalMs: 0, quietMs: 31 * MINUTE_MS }
    expect(
      suspicionOf({ nowMs: 100 * MINUTE_MS, openSinceMs: 0, oldestUnackedMs: undefined, ...signs }, often),
    ).toBeUndefined()
  })
})
