import { describe, expect, it } from 'vitest'
import { PhoneWatchedChecker } from '../../../../sim/checkers/phone-checker.ts'
import { CONTEXT, judged } from './judged.ts'
import type { Told } from './judged.ts'

const HOUR_MS = 3_600_000
const OPEN: Told = [0, 'wa.open']

const seen = (hour: number, saidAtHour = hour): Told => [
  hour * HOUR_MS,
  'wa.phone-seen',
  { saidAtMs: saidAtHour * HOUR_MS },
]
const warned = (hour: number): Told => [hour * HOUR_MS, 'log.phone.unseen']
const back = (hour: number): Told => [hour * HOUR_MS, 'log.phone.seen-again']

function watched(told: readonly Told[], endHour?: number, context = CONTEXT): string[] {
  const endMs = endHour === undefined ? undefined : endHour * HOUR_MS
  const said = judged(new PhoneWatchedChecker(context), told, endMs)
  return said.map((line) => line.replace(/^\d+/, (ms) => String(Number(ms) / HOUR_MS)))
}

describe('a silence of the phone', () => {
  it('is warned of once, and its end is told', () => {
    expect(watched([OPEN, seen(1), warned(11), seen(30), back(31)], 40)).toEqual([])
    expect(watched([OPEN, warned(10), seen(20), back(20), warned(30)], 31)).toEqual([])
  })

  it('is warned of in two hours at most', () => {
    expect(watched([OPEN, seen(1)], 13)).toEqual([])
    expect(watched([OPEN, seen(1)], 13.1)).toEqual([
      '13.1 not warned, though the phone was silent for 12.1 h',
    ])
    expect(watched([OPEN, seen(14)])).toEqual(['14 not warned, though the phone was silent for 14.0 h'])
  })

  it('is not warned of too early, nor twice', () => {
    expect(watched([OPEN, seen(5), warned(14)])).toEqual([])
    expect(watched([OPEN, seen(5), warned(11)])).toEqual([
      '11 warned, though the phone was silent for 6.0 h only',
    ])
    expect(watched([OPEN, warned(10), warned(12)])).toEqual(['12 warned again of the same silence'])
  })

  it('counts from when a sign was made, and ends by none that is itself too old', () => {
    expect(watched([OPEN, seen(6, 1), warned(11), seen(13, 2)], 14)).toEqual([])
    expect(watched([OPEN, warned(10), seen(13, 4), back(13)], 14)).toEqual([])
  })

  it('is told to be over, and only then', () => {
    expect(watched([OPEN, warned(10), seen(11)], 14)).toEqual(['14 the phone is back, and nobody was told'])
    expect(watched([OPEN, seen(1), back(2)])).toEqual(['2 the phone is said to be back and was not away'])
    expect(watched([OPEN, warned(10), seen(11), back(11), back(12)])).toEqual([
      '12 the phone is said to be back and was not away',
    ])
  })

  it('is of no interest before the first connection, nor where no warning is wanted', () => {
    expect(watched([[0, 'wa.connect']], 100)).toEqual([])
    expect(watched([OPEN], 100, { ...CONTEXT, phoneUnseenMs: undefined })).toEqual([])
    expect(watched([OPEN, warned(50)], 100, { ...CONTEXT, phoneUnseenMs: undefined })).toHaveLength(1)
  })
})
