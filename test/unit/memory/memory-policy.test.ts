/** What memory pressure calls for, as examples and as rules over any course of usage. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  allowsHeavyWork,
  assessMemory,
  initialMemoryState,
  isCleaningIneffective,
  noteCleanup,
  noteRecycleRefused,
} from '../../../src/memory/memory-policy.ts'
import type { MemoryDecision, MemoryPolicyState } from '../../../src/memory/memory-policy.ts'
import { memorySettings } from '../../../src/memory/memory-settings.ts'
import type { MemorySettings } from '../../../src/memory/memory-settings.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

/** A quota of 100 bytes: usage in bytes is percent. */
function settingsWith(overrides: Partial<MemorySettings> = {}): MemorySettings {
  const choices = {
    isEnabled: true,
    quotaBytes: 100,
    cleanupPercent: 70,
    emergencyPercent: 85,
    sampleIntervalMs: 2000,
  }
  return { ...memorySettings(choices), ...overrides }
}

interface Judged extends MemoryDecision {
  readonly percent: number
  readonly atMs: number
  readonly before: MemoryPolicyState
}

/** Judges a course of (seconds, percent), with nothing done about it. */
function judge(course: readonly (readonly [number, number])[], settings = settingsWith()): Judged[] {
  let state = initialMemoryState()
  return course.map(([seconds, percent]) => {
    const before = state
    const decision = assessMemory(state, { usedBytes: percent }, settings, seconds * SECOND_MS)
    state = decision.state
    return { ...decision, percent, before, atMs: seconds * SECOND_MS }
  })
}

function effectNames(decision: MemoryDecision | undefined): string[] {
  return (decision?.effects ?? []).map((effect) => {
    if (effect.type === 'cleanup') return `cleanup:${effect.level}`
    return effect.type === 'alert' ? `alert:${effect.kind}` : `recycle:${effect.reason}`
  })
}

function effectsAt(course: readonly (readonly [number, number])[], settings = settingsWith()): string[][] {
  return judge(course, settings).map(effectNames)
}

describe('levels', () => {
  it('begin at their thresholds and end five points below', () => {
    const percents = [69.9, 70, 66, 65.1, 65, 69.9, 85, 81, 80.1, 80, 66, 65]
    const levels = judge(percents.map((percent, index) => [index, percent])).map(({ level }) => level)
    expect(levels.join(' ')).toBe(
      'normal cleanup cleanup cleanup normal normal emergency emergency emergency cleanup cleanup normal',
    )
  })
})

describe('cleanup', () => {
  it('happens at once on a crossing, and after a cool-down while usage stays high', () => {
    expect(
      effectsAt([
        [0, 72],
        [2, 72],
        [59, 72],
        [60, 72],
        [61, 72],
      ]),
    ).toEqual([['alert:cleanup', 'cleanup:cleanup'], [], [], ['cleanup:cleanup'], []])
  })

  it('is not repeated below the threshold, where the level lasts for a while', () => {
    const percents = [72, 69, 69.9, 70].map((percent, minute): [number, number] => [minute * 60, percent])
    expect(effectsAt(percents).slice(1)).toEqual([[], [], ['cleanup:cleanup']])
  })

  it('happens at once on a fresh crossing, whenever the last one was', () => {
    expect(
      effectsAt([
        [0, 72],
        [2, 60],
        [4, 72],
      ])[2],
    ).toEqual(['cleanup:cleanup'])
  })

  it('of an emergency does not wait for the cool-down of the level below', () => {
    expect(
      effectsAt([
        [0, 72],
        [2, 86],
      ])[1],
    ).toEqual(['alert:emergency', 'cleanup:emergency'])
  })

  it('waits longer once it has proved ineffective, and not any more after usage was normal', () => {
    const settings = settingsWith()
    let state = judge([[0, 72]]).at(-1)?.state ?? initialMemoryState()
    state = noteCleanup(state, { level: 'cleanup', freedBytes: 4.9, afterBytes: 72 }, settings)
    expect(isCleaningIneffective(state)).toBe(false)
    state = noteCleanup(state, { level: 'cleanup', freedBytes: -3, afterBytes: 72 }, settings)
    expect(isCleaningIneffective(state)).toBe(true)
    expect(effectNames(assessMemory(state, { usedBytes: 72 }, settings, 9 * MINUTE_MS))).toEqual([])
    expect(effectNames(assessMemory(state, { usedBytes: 72 }, settings, 10 * MINUTE_MS))).toEqual([
      'cleanup:cleanup',
    ])
    const calm = assessMemory(state, { usedBytes: 60 }, settings, MINUTE_MS).state
    expect(isCleaningIneffective(calm)).toBe(false)
  })

  it('that helped wipes the record of one that did not', () => {
    const settings = settingsWith()
    let state = noteCleanup(
      initialMemoryState(),
      { level: 'cleanup', freedBytes: 0, afterBytes: 72 },
      settings,
    )
    state = noteCleanup(state, { level: 'cleanup', freedBytes: 5, afterBytes: 72 }, settings)
    state = noteCleanup(state, { level: 'cleanup', freedBytes: 0, afterBytes: 72 }, settings)
    expect(isCleaningIneffective(state)).toBe(false)
  })
})

describe('recycle', () => {
  it('is asked for when an emergency is not over 30 s after its first cleanup', () => {
    const effects = effectsAt([
      [0, 86],
      [29, 81],
      [30, 81],
      [32, 81],
    ])
    expect(effects.map((names) => names.filter((name) => name.startsWith('recycle')))).toEqual([
      [],
      [],
      ['recycle:still-high'],
      [],
    ])
  })

  it('is not asked for when usage fell to 80 % in time', () => {
    expect(
      effectsAt([
        [0, 86],
        [29, 80],
        [60, 84],
      ]).flat(),
    ).not.toContain('recycle:still-high')
  })

  it('does not wait above the quota once an emergency cleanup is over', () => {
    const settings = settingsWith()
    const crossed = judge([[0, 120]]).at(-1)?.state ?? initialMemoryState()
    expect(effectNames(assessMemory(crossed, { usedBytes: 120 }, settings, 2000))).toEqual([])
    const cleaned = noteCleanup(crossed, { level: 'emergency', freedBytes: 20, afterBytes: 100 }, settings)
    expect(effectNames(assessMemory(cleaned, { usedBytes: 99 }, settings, 2000))).toEqual([])
    expect(effectNames(assessMemory(cleaned, { usedBytes: 100 }, settings, 2000))).toEqual([
      'recycle:over-quota',
    ])
  })

  it('does not wait when more lives after each emergency cleanup, and the next one comes with the growth', () => {
    const settings = settingsWith()
    let state = judge([[0, 89]]).at(-1)?.state ?? initialMemoryState()
    state = noteCleanup(state, { level: 'emergency', freedBytes: 9, afterBytes: 80.5 }, settings)
    expect(effectNames(assessMemory(state, { usedBytes: 85.4 }, settings, 2000))).toEqual([])
    const grown = assessMemory(state, { usedBytes: 85.5 }, settings, 4000)
    expect(effectNames(grown)).toEqual(['cleanup:emergency'])
    const leaving = (afterBytes: number): string[] => {
      const cleaned = noteCleanup(grown.state, { level: 'emergency', freedBytes: 1, afterBytes }, settings)
      return effectNames(assessMemory(cleaned, { usedBytes: afterBytes }, settings, 4100))
    }
    // Garbage over a plateau, and what is no emergency any more, may pass by themselves.
    expect([leaving(81), leaving(84.9)]).toEqual([[], []])
    expect(leaving(85)).toEqual(['recycle:growing'])
  })

  it('is not asked for as growth when an emergency begins on a higher plateau', () => {
    const settings = settingsWith()
    let state = judge([[0, 90]]).at(-1)?.state ?? initialMemoryState()
    state = noteCleanup(state, { level: 'emergency', freedBytes: 9, afterBytes: 81 }, settings)
    state = assessMemory(state, { usedBytes: 79 }, settings, 2000).state
    state = assessMemory(state, { usedBytes: 96 }, settings, 4000).state
    state = noteCleanup(state, { level: 'emergency', freedBytes: 6, afterBytes: 90 }, settings)
    expect(effectNames(assessMemory(state, { usedBytes: 90 }, settings, 4100))).toEqual([])
  })

  it('waits one cool-down only when cleanups have proved ineffective', () => {
    const settings = settingsWith()
    let state = judge([[0, 86]]).at(-1)?.state ?? initialMemoryState()
    state = noteCleanup(state, { level: 'emergency', freedBytes: 0, afterBytes: 86 }, settings)
    state = noteCleanup(state, { level: 'emergency', freedBytes: 0, afterBytes: 86 }, settings)
    expect(effectNames(assessMemory(state, { usedBytes: 86 }, settings, 9999))).toEqual([])
    const decision = assessMemory(state, { usedBytes: 86 }, settings, 10_000)
    expect(effectNames(decision)).toEqual(['cleanup:emergency', 'recycle:ineffective'])
  })

  it('is never asked for below emergency, however ineffective cleaning is', () => {
    const settings = settingsWith()
    let state = judge([[0, 84]]).at(-1)?.state ?? initialMemoryState()
    for (let count = 0; count < 5; count++) {
      state = noteCleanup(state, { level: 'cleanup', freedBytes: 0, afterBytes: 84 }, settings)
    }
    expect(effectNames(assessMemory(state, { usedBytes: 84 }, settings, 60 * MINUTE_MS))).toEqual([
      'cleanup:cleanup',
    ])
  })

  it('is asked for again after a refusal when its time has passed, and after a minute without effect', () => {
    const settings = settingsWith()
    const asked =
      judge([
        [0, 86],
        [30, 86],
      ]).at(-1)?.state ?? initialMemoryState()
    const isAsked = (state: MemoryPolicyState, nowMs: number): boolean =>
      assessMemory(state, { usedBytes: 86 }, settings, nowMs).effects.some(({ type }) => type === 'recycle')
    const refused = noteRecycleRefused(asked, 5 * MINUTE_MS, 31_000)
    expect([isAsked(refused, 330_999), isAsked(refused, 331_000)]).toEqual([false, true])
    expect([isAsked(asked, 89_999), isAsked(asked, 90_000)]).toEqual([false, true])
  })
})

describe('alerts', () => {
  it('say that pressure began and that it is over', () => {
    expect(
      effectsAt([
        [0, 72],
        [700, 60],
      ]).flat(),
    ).toEqual(['alert:cleanup', 'cleanup:cleanup', 'alert:all-clear'])
  })

  it('that came too early are made up for while the level stays', () => {
    const alerts = judge([
      [0, 72],
      [1, 60],
      [2, 72],
      [599, 72],
      [600, 72],
      [601, 60],
      [602, 60],
    ])
      .map((decision) => effectNames(decision).filter((name) => name.startsWith('alert')))
      .map((names) => names[0] ?? '')
    expect(alerts).toEqual([
      'alert:cleanup',
      'alert:all-clear',
      '',
      '',
      'alert:cleanup',
      'alert:all-clear',
      '',
    ])
  })

  it('announce each emergency, also after one that fell to cleanup only', () => {
    const alerts = effectsAt([
      [0, 86],
      [700, 75],
      [1400, 86],
    ]).flat()
    expect(alerts.filter((name) => name === 'alert:emergency')).toHaveLength(2)
    expect(alerts).not.toContain('alert:cleanup')
  })
})

describe('without optimization', () => {
  it('reports levels and alerts, and acts on nothing', () => {
    const decisions = judge(
      [
        [0, 72],
        [2, 90],
        [40, 120],
        [700, 60],
      ],
      settingsWith({ isEnabled: false }),
    )
    expect(decisions.map(({ level }) => level)).toEqual(['cleanup', 'emergency', 'emergency', 'normal'])
    expect(decisions.flatMap(({ effects }) => effects).every(({ type }) => type === 'alert')).toBe(true)
    expect(allowsHeavyWork('emergency', settingsWith({ isEnabled: false }))).toBe(true)
    expect(allowsHeavyWork('emergency', settingsWith())).toBe(false)
  })
})

describe('for any course of usage', () => {
  const nearTheLines = fc.double({ min: 60, max: 90, noNaN: true })
  const anyPercent = fc.oneof(fc.double({ min: 0, max: 260, noNaN: true }), nearTheLines)
  const course = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 120 }), anyPercent), {
      maxLength: 60,
    })
    .map((steps) => {
      let seconds = 0
      return steps.map(([delta, percent]): [number, number] => [(seconds += delta), percent])
    })

  it('no cleanup happens below the threshold', () => {
    fc.assert(
      fc.property(course, (steps) => {
        const cleaned = judge(steps).filter(({ effects }) => effects.some(({ type }) => type === 'cleanup'))
        expect(cleaned.filter(({ percent }) => percent < 70)).toEqual([])
      }),
    )
  })

  it('each crossing into an emergency acts within its sample', () => {
    fc.assert(
      fc.property(course, (steps) => {
        for (const { percent, before, effects, level } of judge(steps)) {
          if (percent < 85) continue
          expect(level).toBe('emergency')
          const hasActed = effects.some((effect) => effect.type === 'cleanup' && effect.level === 'emergency')
          expect(before.level === 'emergency' || hasActed).toBe(true)
        }
      }),
    )
  })

  it('usage around a line changes the level once at most', () => {
    const around = fc.array(fc.double({ min: 65.1, max: 75, noNaN: true }), { maxLength: 60 })
    fc.assert(
      fc.property(around, (percents) => {
        const judged = judge(percents.map((percent, index) => [index * 2, percent]))
        expect(judged.filter(({ level, before }) => level !== before.level).length).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('alerts of one kind are ten minutes apart, and an all-clear follows only pressure', () => {
    fc.assert(
      fc.property(course, (steps) => {
        const last: Record<string, number> = {}
        let told = 'normal'
        for (const { effects, atMs } of judge(steps)) {
          for (const effect of effects) {
            if (effect.type !== 'alert') continue
            expect(atMs - (last[effect.kind] ?? -Infinity)).toBeGreaterThanOrEqual(10 * MINUTE_MS)
            last[effect.kind] = atMs
            expect(effect.kind === 'all-clear' && told === 'normal').toBe(false)
            told = effect.kind === 'all-clear' ? 'normal' : effect.kind
          }
        }
      }),
    )
  })

  it('an emergency of 30 s has always asked for a recycle', () => {
    fc.assert(
      fc.property(course, (steps) => {
        let askedMs = -Infinity
        for (const { state, effects, atMs } of judge(steps)) {
          if (effects.some(({ type }) => type === 'recycle')) askedMs = atMs
          const isLong = state.emergency !== undefined && atMs - state.emergency.sinceMs >= 30_000
          expect(isLong && atMs - askedMs >= 60_000).toBe(false)
        }
      }),
    )
  })
})
