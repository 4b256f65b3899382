import { describe, expect, it } from 'vitest'
import { clockText, countText, groupedText, speedText, wallText } from '../../../../sim/report/durations.ts'

describe('clockText', () => {
  it.each([
    [0, '00:00:00.000'],
    [3_723_004, '01:02:03.004'],
    [86_400_000 + 1, '1 d 00:00:00.001'],
  ])('shows %i ms as %s', (ms, text) => {
    expect(clockText(ms)).toBe(text)
  })
})

describe('wallText', () => {
  it.each([
    [840, '840 ms'],
    [12_440, '12.4 s'],
    [185_000, '3 min 05 s'],
  ])('shows %i ms as %s', (ms, text) => {
    expect(wallText(ms)).toBe(text)
  })
})

it('shows speeds as multiples of real time, and none where none was measured', () => {
  expect(speedText(3_600_000, 300)).toBe('12,000×')
  expect(speedText(3_600_000, 0)).toBe('–')
})

it('keeps two digits of small figures', () => {
  expect([groupedText(0.974), groupedText(1_234.5), groupedText(0)]).toEqual(['0.97', '1,235', '0'])
})

it('counts in singular and plural', () => {
  expect([countText(1, 'run'), countText(2_000, 'run')]).toEqual(['1 run', '2,000 runs'])
})
