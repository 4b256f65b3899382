import { describe, expect, it } from 'vitest'
import { HEROKU_RULES } from '../../../../sim/dyno/heroku-rules.ts'
import { isCeilingReached, judgeMemory, memoryFigures } from '../../../../sim/dyno/memory-verdict.ts'
import type { MemoryUse } from '../../../../sim/dyno/memory-verdict.ts'

const MB = 1_048_576

function use(rssAndSwapMb: number, cacheMb = 0): MemoryUse {
  return { rssAndSwap: rssAndSwapMb * MB, cache: cacheMb * MB }
}

describe('judgeMemory', () => {
  it('is R14 above the quota and not at it', () => {
    expect(judgeMemory(HEROKU_RULES, use(512))).toBe('fine')
    expect(judgeMemory(HEROKU_RULES, use(512.5))).toBe('r14')
  })

  it('counts cache for R14 but not for R15', () => {
    expect(judgeMemory(HEROKU_RULES, use(500, 13))).toBe('r14')
    expect(judgeMemory(HEROKU_RULES, use(1_000, 500))).toBe('r14')
  })

  it('agrees with logged cases on both sides of twice the quota', () => {
    expect([1_013, 1_022, 1_024].map((mb) => judgeMemory(HEROKU_RULES, use(mb)))).toEqual([
      'r14',
      'r14',
      'r14',
    ])
    expect([1_031, 1_189].map((mb) => judgeMemory(HEROKU_RULES, use(mb)))).toEqual(['r15', 'r15'])
  })
})

describe('isCeilingReached', () => {
  it('is reached at 1280 MB of 512', () => {
    expect(isCeilingReached(HEROKU_RULES, use(1_279.9))).toBe(false)
    expect(isCeilingReached(HEROKU_RULES, use(1_280))).toBe(true)
  })

  it('does not count cache', () => {
    expect(isCeilingReached(HEROKU_RULES, use(1_000, 400))).toBe(false)
  })
})

describe('memoryFigures', () => {
  it('prints as Heroku logs do', () => {
    expect(memoryFigures(HEROKU_RULES, use(1_210.76))).toEqual({ memoryMb: 1_210, percent: 236.5 })
    expect(memoryFigures(HEROKU_RULES, use(600, 27.97))).toEqual({ memoryMb: 627, percent: 122.7 })
  })
})
