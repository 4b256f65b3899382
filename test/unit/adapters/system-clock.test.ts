/** The machine's clock: long delays, cancelling. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SystemClock } from '../../../src/adapters/system-clock.ts'

const DAY_MS = 24 * 3_600_000

describe('SystemClock', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each([0, 5, 2 ** 31 - 1, 2 ** 31, 60 * DAY_MS])('fires after %d ms, once and not before', (delayMs) => {
    const clock = new SystemClock()
    const firedAtMs: number[] = []
    const startMs = clock.monotonicMs()
    clock.setTimer('test', delayMs, () => firedAtMs.push(clock.monotonicMs() - startMs))
    vi.advanceTimersByTime(Math.max(0, delayMs - 1))
    expect(firedAtMs).toHaveLength(delayMs === 0 ? 1 : 0)
    vi.advanceTimersByTime(100 * DAY_MS)
    expect(firedAtMs.map(Math.round)).toEqual([delayMs])
  })

  it('never fires a cancelled timer, also between the links of a chain', () => {
    const clock = new SystemClock()
    const fired = vi.fn<() => void>()
    const short = clock.setTimer('test', 10, fired)
    const long = clock.setTimer('test', 60 * DAY_MS, fired)
    short.cancel()
    short.cancel()
    vi.advanceTimersByTime(30 * DAY_MS)
    long.cancel()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(100 * DAY_MS)
    expect(fired).not.toHaveBeenCalled()
  })

  it('tells wall-clock and monotonic time apart', () => {
    const clock = new SystemClock()
    const before = { wall: clock.nowMs(), monotonic: clock.monotonicMs() }
    vi.setSystemTime(before.wall + DAY_MS)
    expect(clock.nowMs() - before.wall).toBe(DAY_MS)
    expect(clock.monotonicMs() - before.monotonic).toBe(0)
  })
})
