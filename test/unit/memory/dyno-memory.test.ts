/** Measuring from the text of /proc files, and the traps in finding the quota. */

import { describe, expect, it } from 'vitest'
import { dynoUsage, pssBytes, resolveQuotaBytes, statusMemory } from '../../../src/memory/dyno-memory.ts'
import type { ProcessTexts } from '../../../src/memory/dyno-memory.ts'

const KB = 1024
const MB = 1024 * KB

function smaps(figures: { pssKb: number; swapPssKb?: number }): string {
  return [
    '55a7d73d2000-7ffead2cd000 ---p 00000000 00:00 0                          [rollup]',
    'Rss:              999999 kB',
    `Pss:           ${figures.pssKb} kB`,
    'Pss_Dirty:           112 kB',
    'Pss_Anon:            112 kB',
    'Swap:              77777 kB',
    ...(figures.swapPssKb === undefined ? [] : [`SwapPss:  ${figures.swapPssKb} kB`]),
  ].join('\n')
}

function status(figures: { anonKb?: number; fileKb?: number; shmemKb?: number; swapKb?: number }): string {
  const { anonKb = 0, fileKb = 0, shmemKb = 0, swapKb = 0 } = figures
  return [
    'Name:\tnode',
    `VmRSS:\t  ${anonKb + fileKb + shmemKb} kB`,
    `RssAnon:\t  ${anonKb} kB`,
    `RssFile:\t  ${fileKb} kB`,
    `RssShmem:\t  ${shmemKb} kB`,
    `VmSwap:\t  ${swapKb} kB`,
  ].join('\n')
}

function texts(smapsRollup: string | undefined, statusText: string | undefined): ProcessTexts {
  return { smapsRollup, status: statusText }
}

describe('pssBytes', () => {
  it('adds the proportional share of swap', () => {
    expect(pssBytes(smaps({ pssKb: 1000, swapPssKb: 24 }))).toBe(1024 * KB)
  })

  it('takes plain swap where the kernel does not share it out', () => {
    expect(pssBytes(smaps({ pssKb: 1 }))).toBe(77_778 * KB)
  })

  it('is undefined for a text without the line, such as of a process that has ended', () => {
    expect(pssBytes('')).toBeUndefined()
  })
})

describe('statusMemory', () => {
  it('tells private from shared pages', () => {
    expect(statusMemory(status({ anonKb: 10, fileKb: 4, shmemKb: 2, swapKb: 3 }))).toEqual({
      rssBytes: 16 * KB,
      swapBytes: 3 * KB,
      parts: { anonBytes: 10 * KB, sharedBytes: 6 * KB },
    })
  })

  it('is undefined for a process without memory', () => {
    expect(statusMemory('Name:\tnode\nState:\tZ (zombie)')).toBeUndefined()
  })
})

describe('dynoUsage', () => {
  it('sums proportional shares when every process offers them', () => {
    const usage = dynoUsage([
      texts(smaps({ pssKb: 100, swapPssKb: 5 }), status({ anonKb: 900 })),
      texts(smaps({ pssKb: 200, swapPssKb: 0 }), undefined),
    ])
    expect(usage).toEqual({ measure: 'pss', usedBytes: 305 * KB })
  })

  it('counts shared pages once when one process does not offer its share', () => {
    const usage = dynoUsage([
      texts(smaps({ pssKb: 100 }), status({ anonKb: 60, fileKb: 40, swapKb: 1 })),
      texts(undefined, status({ anonKb: 30, fileKb: 45, shmemKb: 1 })),
    ])
    expect(usage).toEqual({ measure: 'rss-anon', usedBytes: (60 + 30 + 1 + 46) * KB })
  })

  it('falls back to the whole resident size on an old kernel', () => {
    const old = 'VmRSS:\t 50 kB\nVmSwap:\t 7 kB'
    const usage = dynoUsage([texts(undefined, old), texts(undefined, status({ anonKb: 10, fileKb: 20 }))])
    expect(usage).toEqual({ measure: 'rss', usedBytes: 87 * KB })
  })

  it('passes over processes that ended meanwhile', () => {
    const usage = dynoUsage([
      texts(undefined, undefined),
      texts('', 'State:\tZ (zombie)'),
      texts(smaps({ pssKb: 10, swapPssKb: 0 }), undefined),
    ])
    expect(usage).toEqual({ measure: 'pss', usedBytes: 10 * KB })
  })

  it('is undefined when nothing could be read', () => {
    expect(dynoUsage([])).toBeUndefined()
    expect(dynoUsage([texts(undefined, undefined)])).toBeUndefined()
  })
})

describe('resolveQuotaBytes', () => {
  const unknown = {
    settingMb: undefined,
    cgroupLimitBytes: undefined,
    memoryAvailableMb: undefined,
    totalMemBytes: 64 * 1024 * MB,
  }

  it.each([
    ['the setting goes before everything', { settingMb: 300, cgroupLimitBytes: 200 * MB }, 300],
    ["the container's limit", { cgroupLimitBytes: 1024 * MB }, 1024],
    ['MEMORY_AVAILABLE', { memoryAvailableMb: 2560 }, 2560],
    ['the smaller of the two', { cgroupLimitBytes: 1024 * MB, memoryAvailableMb: 512 }, 512],
    ['the smaller of the two', { cgroupLimitBytes: 256 * MB, memoryAvailableMb: 512 }, 256],
    ['512 MB when nothing is known', {}, 512],
    ['512 MB when Node says 1.8e19 for "no limit"', { cgroupLimitBytes: 18_446_744_073_709_552_000 }, 512],
    ['512 MB when Node says 0 for "no limit"', { cgroupLimitBytes: 0 }, 512],
    ["512 MB when the limit is the machine's memory", { cgroupLimitBytes: 64 * 1024 * MB }, 512],
    ['512 MB for nonsense', { cgroupLimitBytes: Number.NaN, memoryAvailableMb: -5 }, 512],
  ])('takes %s', (_, known, expectedMb) => {
    expect(resolveQuotaBytes({ ...unknown, ...known })).toBe(expectedMb * MB)
  })
})
