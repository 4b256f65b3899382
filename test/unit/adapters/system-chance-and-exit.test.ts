/** Chance and the end of the process. */

import { afterEach, describe, expect, it, vi } from 'vitest'
import { SystemExit } from '../../../src/adapters/system-exit.ts'
import { SystemRandom } from '../../../src/adapters/system-random.ts'
import { SystemSecureRandom } from '../../../src/adapters/system-secure-random.ts'
import type { ExitReason } from '../../../src/ports/exit.ts'

describe('SystemRandom', () => {
  it('draws from [0, 1), and does not repeat itself', () => {
    const random = new SystemRandom().stream('jitter')
    const draws = Array.from({ length: 1000 }, () => random.next())
    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true)
    expect(new Set(draws).size).toBeGreaterThan(990)
  })
})

describe('SystemSecureRandom', () => {
  it('gives as many bytes as asked for, and UUIDs of version 4', () => {
    const secureRandom = new SystemSecureRandom()
    expect(secureRandom.bytes(12)).toHaveLength(12)
    expect(secureRandom.bytes(12)).not.toEqual(secureRandom.bytes(12))
    expect(secureRandom.uuid()).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(secureRandom.uuid()).not.toBe(secureRandom.uuid())
  })
})

describe('SystemExit', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it.each<[ExitReason, number]>([
    ['stopped', 0],
    ['recycle', 75],
    ['failed', 1],
  ])('%s ends the process with status %d', (reason, status) => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => {
      throw new Error('ended')
    })
    expect(() => new SystemExit().exit(reason)).toThrow('ended')
    expect(exit).toHaveBeenCalledWith(status)
  })
})
