import { expect, it } from 'vitest'
import { median } from '../../../../sim/assertions/median.ts'

it('a median lies in the middle, or between the middle two', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])]).toEqual([2, 2.5, 7])
})

it('nothing has no median', () => {
  expect(median([])).toBeNaN()
})
