import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { heard, look, watchFrom } from '../../../src/supervisor/watchdog.ts'
import type { WatchdogState, WatchdogVerdict } from '../../../src/supervisor/watchdog.ts'

const SETTINGS = { lookIntervalMs: 5_000, stallMs: 30_000, starvedStallMs: 300_000 }

/** Looks every `lookIntervalMs` for `forMs`, the bot using `cpuShare` of a CPU; the verdict at the end. */
function silentFor(forMs: number, cpuShare: number | undefined): WatchdogVerdict {
  let state: WatchdogState = watchFrom(0)
  let verdict: WatchdogVerdict = { status: 'alive' }
  for (let nowMs = SETTINGS.lookIntervalMs; nowMs <= forMs; nowMs += SETTINGS.lookIntervalMs) {
    const cpuMs = cpuShare === undefined ? undefined : nowMs * cpuShare
    ;({ state, verdict } = look(state, { nowMs, cpuMs }, SETTINGS))
  }
  return verdict
}

describe('a silent bot', () => {
  it('is alive for half the stall, and late for the other half', () => {
    expect(silentFor(15_000, 1).status).toBe('alive')
    expect(silentFor(25_000, 1).status).toBe('late')
  })

  it.each([
    ['computing', 1],
    ['computing', 0.5],
    ['idle', 0],
    ['unknown', undefined],
  ] as const)('hangs after the stall when it is %s', (evidence, cpuShare) => {
    expect(silentFor(30_000, cpuShare)).toEqual({ status: 'hung', silentMs: 30_000, evidence })
  })

  it('is starved at a tenth of a CPU, and hangs only after ten times the stall', () => {
    expect(silentFor(30_000, 0.1).status).toBe('starved')
    expect(silentFor(295_000, 0.1).status).toBe('starved')
    expect(silentFor(300_000, 0.1)).toEqual({ status: 'hung', silentMs: 300_000, evidence: 'starved' })
  })

  it('that was busy until it stopped is idle all the same', () => {
    let state = heard({ nowMs: 0, cpuMs: 1_000 })
    let verdict: WatchdogVerdict = { status: 'alive' }
    // Ordinary work for almost a heartbeat, then nothing.
    for (let nowMs = 5_000; nowMs <= 30_000; nowMs += 5_000)
      ({ state, verdict } = look(state, { nowMs, cpuMs: 1_100 }, SETTINGS))
    expect(verdict).toEqual({ status: 'hung', silentMs: 30_000, evidence: 'idle' })
  })

  it('that stops after it was starved is found within another half of the stall', () => {
    let state = heard({ nowMs: 0, cpuMs: 0 })
    let verdict: WatchdogVerdict = { status: 'alive' }
    for (let nowMs = 5_000; nowMs <= 80_000; nowMs += 5_000)
      ({ state, verdict } = look(state, { nowMs, cpuMs: Math.min(nowMs, 50_000) * 0.1 }, SETTINGS))
    expect(verdict).toMatchObject({ status: 'hung', evidence: 'idle' })
  })

  it('is judged by the CPU time since its last heartbeat, not since its start', () => {
    let state = heard({ nowMs: 1_000_000, cpuMs: 900_000 })
    let verdict: WatchdogVerdict = { status: 'alive' }
    for (let nowMs = 1_005_000; nowMs <= 1_030_000; nowMs += 5_000)
      ({ state, verdict } = look(state, { nowMs, cpuMs: 900_000 }, SETTINGS))
    expect(verdict).toMatchObject({ status: 'hung', evidence: 'idle' })
  })
})

describe('silence', () => {
  it('does not count while the supervisor itself was stopped', () => {
    const before = look(watchFrom(0), { nowMs: 5_000, cpuMs: 0 }, SETTINGS).state
    const after = look(before, { nowMs: 5_000 + 3_600_000, cpuMs: 0 }, SETTINGS)
    expect(after.state.silentMs).toBe(10_000)
    expect(after.verdict.status).toBe('alive')
  })

  it('of a bot that computes counts in full after the whole dyno was stopped', () => {
    // A heartbeat, then the dyno stands still for 94 s; when it goes on, the bot computes without end.
    let { state, verdict } = look(watchFrom(0), { nowMs: 94_000, cpuMs: 0 }, SETTINGS)
    for (let nowMs = 99_000; nowMs <= 119_000; nowMs += 5_000)
      ({ state, verdict } = look(state, { nowMs, cpuMs: nowMs - 94_000 }, SETTINGS))
    expect(verdict).toEqual({ status: 'hung', silentMs: 30_000, evidence: 'computing' })
  })

  it('of a starved bot does not look like computing after the supervisor alone was stopped', () => {
    // A minute at a tenth of a CPU that nobody looked at, then on like that.
    let { state, verdict } = look(watchFrom(0), { nowMs: 60_000, cpuMs: 6_000 }, SETTINGS)
    for (let nowMs = 65_000; nowMs <= 85_000; nowMs += 5_000)
      ({ state, verdict } = look(state, { nowMs, cpuMs: nowMs / 10 }, SETTINGS))
    expect(verdict.status).toBe('starved')
  })

  it('never makes a bot hang before the declared stall has passed, whatever the looks and the CPU', () => {
    const steps = fc.array(
      fc.record({
        passMs: fc.integer({ min: 0, max: 40_000 }),
        cpuMs: fc.option(fc.integer({ min: 0, max: 400_000 }), { nil: undefined }),
        isHeard: fc.boolean(),
      }),
    )
    fc.assert(
      fc.property(steps, (all) => {
        let state = watchFrom(0)
        let nowMs = 0
        let heardAtMs = 0
        for (const { passMs, cpuMs, isHeard } of all) {
          nowMs += passMs
          const result = look(state, { nowMs, cpuMs }, SETTINGS)
          state = result.state
          const isHung = result.verdict.status === 'hung'
          expect(isHung && nowMs - heardAtMs < SETTINGS.stallMs).toBe(false)
          if (!isHeard) continue
          state = heard({ nowMs, cpuMs })
          heardAtMs = nowMs
        }
      }),
    )
  })
})
