import { describe, expect, it } from 'vitest'
import { dataOf, dynoLab, HOUR_MS, MB, MINUTE_MS, SECOND_MS } from './dyno-lab.ts'

describe('boot', () => {
  it('is up when the port is bound', async () => {
    const lab = dynoLab()
    await lab.scheduler.run(MINUTE_MS)
    expect(lab.kinds()).toEqual(['dyno.starting', 'dyno.up'])
    expect(lab.of('dyno.up')[0]).toMatchObject({ atMs: 100, source: 'dyno', data: { dynoId: 'web.1#1' } })
  })

  it('is killed with R10 when no port is bound in 60 s, and started again at once', async () => {
    const lab = dynoLab({ habits: (boot) => ({ bindMs: boot === 1 ? undefined : 100 }) })
    await lab.scheduler.run(2 * MINUTE_MS)
    expect(lab.kinds()).toEqual([
      'dyno.starting',
      'dyno.r10',
      'dyno.sigkill',
      'dyno.exited',
      'dyno.starting',
      'dyno.up',
    ])
    expect(lab.of('dyno.r10')[0]?.atMs).toBe(60_000)
    expect(dataOf(lab.of('dyno.sigkill')[0])['reason']).toBe('r10')
    expect(dataOf(lab.of('dyno.exited')[0])['status']).toBe(137)
    expect(lab.of('dyno.starting')[1]?.atMs).toBe(62_500)
  })

  it('gives each boot an id, a UUID and a clock of its own', async () => {
    const lab = dynoLab({ maxSkewMs: 60_000 })
    lab.at(MINUTE_MS, () => lab.model.restart())
    await lab.scheduler.run(2 * MINUTE_MS)
    const [first, second] = lab.contexts
    expect([first?.dynoId, second?.dynoId]).toEqual(['web.1#1', 'web.1#2'])
    expect(first?.bootUuid).not.toBe(second?.bootUuid)
    const readings = lab.contexts.map(({ clock }) => clock.wallMs(2 * MINUTE_MS))
    expect(readings[0]).not.toBe(readings[1])
  })
})

describe('restart', () => {
  it('runs old and new dyno at once: the new one starts within 4 s of SIGTERM', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const lab = dynoLab({ seed, habits: () => ({ bindMs: 100, exitMs: 10_000 }) })
      lab.at(MINUTE_MS, () => lab.model.restart())
      await lab.scheduler.run(2 * MINUTE_MS)
      expect(lab.of('dyno.sigterm')[0]?.atMs).toBe(MINUTE_MS)
      const startedAtMs = lab.of('dyno.starting')[1]?.atMs ?? 0
      expect(startedAtMs).toBeGreaterThanOrEqual(MINUTE_MS)
      expect(startedAtMs).toBeLessThanOrEqual(MINUTE_MS + 4 * SECOND_MS)
      expect(lab.of('dyno.exited')[0]).toMatchObject({
        atMs: MINUTE_MS + 10 * SECOND_MS,
        data: { dynoId: 'web.1#1', status: 0, isExpected: true },
      })
      expect(lab.of('dyno.starting')).toHaveLength(2)
    }
  })

  it('starts the new dyno after the old one has ended when overlap is off', async () => {
    const lab = dynoLab({ rules: { isOverlapping: false }, habits: () => ({ bindMs: 100, exitMs: 10_000 }) })
    lab.at(MINUTE_MS, () => lab.model.deploy())
    await lab.scheduler.run(2 * MINUTE_MS)
    expect(lab.of('dyno.starting')[1]?.atMs).toBeGreaterThanOrEqual(MINUTE_MS + 10 * SECOND_MS)
    expect(dataOf(lab.of('dyno.starting')[1])).toMatchObject({ reason: 'deploy', release: 2 })
  })

  it('kills with R12 what has not ended 30 s after SIGTERM, without counting a crash', async () => {
    const lab = dynoLab({ habits: () => ({ bindMs: 100 }) })
    lab.at(MINUTE_MS, () => lab.model.restart())
    await lab.scheduler.run(5 * MINUTE_MS)
    expect(lab.of('dyno.r12')[0]?.atMs).toBe(MINUTE_MS + 30 * SECOND_MS)
    expect(dataOf(lab.of('dyno.sigkill')[0])).toEqual({ dynoId: 'web.1#1', reason: 'r12' })
    expect(lab.calls).toEqual(['web.1#1 SIGTERM', 'web.1#1 SIGKILL'])
    expect(lab.of('dyno.starting')).toHaveLength(2)
  })

  it('sends SIGTERM twice when chance says so, but never after the end', async () => {
    const rules = { repeatedSigtermChance: 1 }
    const slow = dynoLab({ rules, habits: () => ({ bindMs: 100, exitMs: 10_000 }) })
    slow.at(MINUTE_MS, () => slow.model.restart())
    await slow.scheduler.run(2 * MINUTE_MS)
    expect(slow.calls.filter((call) => call === 'web.1#1 SIGTERM')).toHaveLength(2)
    expect(slow.of('dyno.sigterm')).toHaveLength(1)
    expect(slow.of('dyno.sigterm-repeated')).toHaveLength(1)
    const quick = dynoLab({ rules, habits: () => ({ bindMs: 100, exitMs: 0 }) })
    quick.at(MINUTE_MS, () => quick.model.restart())
    await quick.scheduler.run(2 * MINUTE_MS)
    expect(quick.calls).toEqual(['web.1#1 SIGTERM', 'web.1#1 SIGKILL'])
  })

  it('replaces once more when asked again before the new dyno has started', async () => {
    const lab = dynoLab()
    lab.at(MINUTE_MS, () => {
      lab.model.restart()
      lab.model.deploy()
    })
    await lab.scheduler.run(2 * MINUTE_MS)
    expect(lab.of('dyno.sigterm')).toHaveLength(1)
    expect(lab.of('dyno.starting')).toHaveLength(2)
  })
})

describe('crashes', () => {
  const crashing = { bindMs: 100, crash: { afterMs: 10_000, status: 1 } }
  const rules = { coolOffDraw: 'worst-case' } as const

  it('climb the cool-off ladder, the first restart being free', async () => {
    const lab = dynoLab({ rules, habits: () => crashing })
    await lab.scheduler.run(3 * HOUR_MS)
    expect(lab.of('dyno.cool-off').map((event) => dataOf(event)['minutes'])).toEqual([20, 40, 60, 180])
    const [first, second, third] = lab.of('dyno.starting').map((event) => event.atMs)
    expect(first).toBe(0)
    expect(second).toBe(12_500)
    expect(third).toBe(12_500 + 10_000 + 20 * MINUTE_MS + 2_500)
  })

  it('begin the ladder anew after a stable time up', async () => {
    const stable = { bindMs: 100, crash: { afterMs: 6 * MINUTE_MS, status: 1 } }
    const lab = dynoLab({ rules, habits: (boot) => (boot === 2 ? stable : crashing) })
    await lab.scheduler.run(20 * MINUTE_MS)
    expect(lab.of('dyno.exited').map((event) => event.atMs)).toEqual([10_000, 372_500, 385_000])
    expect(lab.of('dyno.cool-off')).toHaveLength(1)
    expect(dataOf(lab.of('dyno.cool-off')[0])).toMatchObject({ dynoId: 'web.1#3', crashes: 2, minutes: 20 })
  })

  it('count also when the dyno ends itself with status 0', async () => {
    const lab = dynoLab({ rules, habits: () => ({ bindMs: 100, crash: { afterMs: 10_000, status: 0 } }) })
    await lab.scheduler.run(MINUTE_MS)
    expect(dataOf(lab.of('dyno.exited')[0])).toMatchObject({ status: 0, isExpected: false })
    expect(lab.of('dyno.cool-off')).toHaveLength(1)
  })

  it('are forgotten on restart, which ends a cool-off', async () => {
    const lab = dynoLab({ rules, habits: (boot) => (boot <= 3 ? crashing : { bindMs: 100 }) })
    lab.at(2 * MINUTE_MS, () => {
      expect(lab.model.currentDynoId).toBeUndefined()
      expect(lab.model.killNow()).toBe(false)
      expect(lab.model.restart()).toBe(false)
    })
    await lab.scheduler.run(HOUR_MS)
    expect(lab.of('dyno.starting')).toHaveLength(4)
    expect(lab.of('dyno.starting')[2]?.atMs).toBeLessThanOrEqual(2 * MINUTE_MS + 4 * SECOND_MS)
    expect(lab.of('dyno.cool-off')).toHaveLength(1)
  })

  it('sweep up what else runs in the dyno', async () => {
    const lab = dynoLab({ habits: (boot) => (boot === 1 ? crashing : {}) })
    await lab.scheduler.run(11 * SECOND_MS)
    expect(lab.calls).toEqual(['web.1#1 SIGKILL'])
  })
})

describe('killNow', () => {
  it('ends the present dyno without SIGTERM and does not count as a crash', async () => {
    const lab = dynoLab({ rules: { coolOffDraw: 'worst-case' } })
    for (const seconds of [10, 20, 30]) lab.at(seconds * SECOND_MS, () => lab.model.killNow())
    await lab.scheduler.run(MINUTE_MS)
    expect(lab.calls).toEqual(['web.1#1 SIGKILL', 'web.1#2 SIGKILL', 'web.1#3 SIGKILL'])
    expect(lab.of('dyno.sigkill').map((event) => dataOf(event)['reason'])).toEqual(
      Array.from({ length: 3 }, () => 'hardware-fault'),
    )
    expect(lab.of('dyno.cool-off')).toEqual([])
    expect(lab.of('dyno.starting').map((event) => event.atMs)).toEqual([0, 12_500, 22_500, 32_500])
  })

  it('leaves the asking process its turn', async () => {
    const lab = dynoLab()
    lab.at(10 * SECOND_MS, () => {
      lab.model.killNow()
      expect(lab.calls).toEqual([])
    })
    await lab.scheduler.run(11 * SECOND_MS)
    expect(lab.calls).toEqual(['web.1#1 SIGKILL'])
  })
})

describe('daily cycling', () => {
  it('restarts each dyno 24 h to 27 h 36 min after its own boot', async () => {
    const lab = dynoLab({ hasDailyCycling: true })
    await lab.scheduler.run(7 * 24 * HOUR_MS)
    const boots = lab.of('dyno.starting')
    const terms = lab.of('dyno.sigterm')
    expect(terms.length).toBeGreaterThanOrEqual(6)
    for (const [index, term] of terms.entries()) {
      const lifeMs = term.atMs - (boots[index]?.atMs ?? 0)
      expect(dataOf(term)['reason']).toBe('cycling')
      expect(lifeMs).toBeGreaterThanOrEqual(24 * HOUR_MS)
      expect(lifeMs).toBeLessThanOrEqual(24 * HOUR_MS + 216 * MINUTE_MS)
    }
  })

  it('counts from the last restart', async () => {
    const lab = dynoLab({ hasDailyCycling: true })
    lab.at(20 * HOUR_MS, () => lab.model.restart())
    await lab.scheduler.run(43 * HOUR_MS)
    expect(lab.of('dyno.sigterm').map((event) => dataOf(event)['reason'])).toEqual(['restart'])
  })
})

describe('daily cycling and crashes', () => {
  it('counts from the restart after a crash', async () => {
    const crash = { afterMs: 20 * HOUR_MS, status: 1 }
    const lab = dynoLab({
      hasDailyCycling: true,
      habits: (boot) => (boot === 1 ? { bindMs: 100, crash } : { bindMs: 100 }),
    })
    await lab.scheduler.run(43 * HOUR_MS)
    expect(lab.kinds()).toEqual(['dyno.starting', 'dyno.up', 'dyno.exited', 'dyno.starting', 'dyno.up'])
  })
})

describe('memory', () => {
  it('is sampled every 20 s, give or take 2', async () => {
    const lab = dynoLab()
    await lab.scheduler.run(HOUR_MS)
    const times = lab.of('dyno.memory').map((event) => event.atMs)
    expect(times.length).toBeGreaterThanOrEqual(160)
    for (const [index, atMs] of times.slice(1).entries()) {
      const gapMs = atMs - (times[index] ?? 0)
      expect(gapMs).toBeGreaterThanOrEqual(18_000)
      expect(gapMs).toBeLessThanOrEqual(22_000)
    }
    expect(dataOf(lab.of('dyno.memory')[0])).toEqual({ dynoId: 'web.1#1', memoryMb: 133, percent: 26 })
  })

  it('above the quota gives R14 at each sample and nothing else', async () => {
    const lab = dynoLab()
    lab.memory = { rssAndSwap: 500 * MB, cache: 50 * MB }
    await lab.scheduler.run(5 * MINUTE_MS)
    expect(lab.of('dyno.r14')).toHaveLength(lab.of('dyno.memory').length)
    expect(dataOf(lab.of('dyno.r14')[0])).toEqual({ dynoId: 'web.1#1', memoryMb: 550, percent: 107.4 })
    expect(lab.of('dyno.sigkill')).toEqual([])
  })

  it('above twice the quota is killed at the next sample with R15 and counts as a crash', async () => {
    const lab = dynoLab({ rules: { coolOffDraw: 'worst-case', coolOffResetMs: HOUR_MS } })
    lab.memory = { rssAndSwap: 1_100 * MB, cache: 0 }
    await lab.scheduler.run(2 * MINUTE_MS)
    const killedAtMs = lab.of('dyno.r15')[0]?.atMs ?? 0
    expect(killedAtMs).toBeLessThanOrEqual(20_000)
    expect(lab.of('dyno.memory')[0]?.atMs).toBe(killedAtMs)
    expect(dataOf(lab.of('dyno.exited')[0])['status']).toBe(137)
    expect(lab.of('dyno.starting')[1]?.atMs).toBe(killedAtMs + 2_500)
    expect(dataOf(lab.of('dyno.cool-off')[0])).toMatchObject({ crashes: 2, minutes: 20 })
  })

  it('at the hard limit is killed between samples, once', async () => {
    const lab = dynoLab({ rules: { sampleMs: 10 * MINUTE_MS } })
    lab.at(10 * SECOND_MS, () => {
      lab.memory = { rssAndSwap: 1_279 * MB, cache: 0 }
      lab.model.checkCeiling()
    })
    lab.at(11 * SECOND_MS, () => {
      lab.memory = { rssAndSwap: 1_281 * MB, cache: 0 }
      lab.model.checkCeiling()
      lab.model.checkCeiling()
      lab.memory = { rssAndSwap: 133 * MB, cache: 0 }
    })
    await lab.scheduler.run(20 * SECOND_MS)
    expect(lab.of('dyno.r15').map((event) => event.atMs)).toEqual([11 * SECOND_MS])
    expect(lab.of('dyno.sigkill').map((event) => event.atMs)).toEqual([11 * SECOND_MS])
    expect(dataOf(lab.of('dyno.sigkill')[0])['reason']).toBe('r15')
  })
})

describe('the hard limit', () => {
  it('holds for a dyno that is stopping, too', async () => {
    const lab = dynoLab({ rules: { sampleMs: 10 * MINUTE_MS }, habits: () => ({ bindMs: 100 }) })
    lab.at(MINUTE_MS, () => lab.model.restart())
    lab.at(MINUTE_MS + 10 * SECOND_MS, () => {
      lab.memory = { rssAndSwap: 1_281 * MB, cache: 0 }
      lab.model.checkCeiling()
    })
    await lab.scheduler.run(MINUTE_MS + 11 * SECOND_MS)
    expect(lab.of('dyno.r15').map((event) => dataOf(event)['dynoId'])).toEqual(['web.1#1', 'web.1#2'])
  })
})

describe('faults of the present dyno', () => {
  it('hang its processes until the longest of several hangs is over', async () => {
    const lab = dynoLab()
    lab.at(10 * SECOND_MS, () => expect(lab.model.hang(10 * SECOND_MS)).toBe(true))
    lab.at(15 * SECOND_MS, () => lab.model.hang(10 * SECOND_MS))
    await lab.scheduler.run(24 * SECOND_MS)
    expect(lab.calls).toEqual(['web.1#1 hang', 'web.1#1 hang'])
    await lab.scheduler.run(25 * SECOND_MS)
    expect(lab.calls.at(-1)).toBe('web.1#1 resume')
    expect(dataOf(lab.of('dyno.hang')[0])).toEqual({ dynoId: 'web.1#1', forMs: 10_000 })
  })

  it('delay its timers while its CPU is starved', async () => {
    const lab = dynoLab()
    const delays: (number | undefined)[] = []
    for (const atMs of [9_999, 10_001, 14_999, 15_000]) {
      lab.at(atMs, () => delays.push(lab.contexts[0]?.timerDelayMs()))
    }
    lab.at(10 * SECOND_MS, () => lab.model.starve(5 * SECOND_MS, 700))
    await lab.scheduler.run(MINUTE_MS)
    expect(delays).toEqual([0, 700, 700, 0])
    expect(dataOf(lab.of('dyno.starve')[0])).toEqual({
      dynoId: 'web.1#1',
      forMs: 5_000,
      timerDelayMs: 700,
    })
  })

  it('step its wall clock and not the next dyno’s', async () => {
    const lab = dynoLab()
    lab.at(10 * SECOND_MS, () => lab.model.stepClock(HOUR_MS))
    lab.at(20 * SECOND_MS, () => lab.model.restart())
    await lab.scheduler.run(MINUTE_MS)
    const [first, second] = lab.contexts.map(({ clock }) => clock.wallMs(MINUTE_MS))
    expect((first ?? 0) - (second ?? 0)).toBe(HOUR_MS)
    expect(dataOf(lab.of('dyno.clock-step')[0])).toEqual({ dynoId: 'web.1#1', byMs: HOUR_MS })
  })

  it('strike the newest dyno during an overlap', async () => {
    const lab = dynoLab({ habits: () => ({ bindMs: 100, exitMs: 20_000 }) })
    lab.at(MINUTE_MS, () => lab.model.restart())
    lab.at(MINUTE_MS + 5 * SECOND_MS, () => lab.model.hang(1))
    await lab.scheduler.run(2 * MINUTE_MS)
    expect(dataOf(lab.of('dyno.hang')[0])['dynoId']).toBe('web.1#2')
  })
})

describe('stop', () => {
  it('ends all dynos silently and leaves nothing scheduled', async () => {
    const lab = dynoLab({ hasDailyCycling: true, habits: () => ({ bindMs: 100 }) })
    lab.at(MINUTE_MS, () => lab.model.restart())
    await lab.scheduler.run(MINUTE_MS + 10 * SECOND_MS)
    const count = lab.trace.count
    lab.model.stop()
    lab.model.stop()
    expect(lab.calls.filter((call) => call.endsWith('SIGKILL'))).toEqual([
      'web.1#1 SIGKILL',
      'web.1#2 SIGKILL',
    ])
    expect(lab.scheduler.pendingLabels(10)).toEqual([])
    expect(lab.model.restart()).toBe(false)
    expect(lab.model.hang(1)).toBe(false)
    expect(await lab.scheduler.run(HOUR_MS)).toEqual({ reason: 'deadlock' })
    expect(lab.trace.count).toBe(count)
  })
})

/** A busy half day: deploys, crashes, repeated SIGTERMs, skewed clocks. */
async function busyDigest(seed: number): Promise<string> {
  const lab = dynoLab({
    seed,
    maxSkewMs: 5_000,
    rules: { repeatedSigtermChance: 0.5 },
    habits: (boot) => ({
      bindMs: 100 * boot,
      exitMs: 3_000,
      ...(boot % 3 === 0 ? { crash: { afterMs: 20_000, status: 1 } } : {}),
    }),
  })
  for (let minute = 5; minute < 600; minute += 7) lab.at(minute * MINUTE_MS, () => lab.model.deploy())
  await lab.scheduler.run(12 * HOUR_MS)
  return lab.trace.digest()
}

describe('a command that stop overtakes', () => {
  it('is not carried out', async () => {
    const lab = dynoLab()
    lab.at(MINUTE_MS, () => {
      lab.model.restart()
      lab.model.stop()
    })
    expect(await lab.scheduler.run(HOUR_MS)).toEqual({ reason: 'deadlock' })
    expect(lab.of('dyno.starting')).toHaveLength(1)
  })
})

describe('determinism', () => {
  it('gives the same trace for the same seed, and another for another', async () => {
    expect(await busyDigest(1)).toBe(await busyDigest(1))
    expect(await busyDigest(1)).not.toBe(await busyDigest(2))
  })
})
