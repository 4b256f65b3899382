/** The text of a kill point, and the order of a sweep. */

import { describe, expect, it } from 'vitest'
import { MOMENTS, VICTIMS, parsePoint, pointText } from '../../../../sim/kill-sweep/kill-point.ts'
import { planPoints } from '../../../../sim/kill-sweep/plan-points.ts'
import { WRITE_OPERATIONS } from '../../../../sim/kill-sweep/write-operations.ts'
import { PrngStream } from '../../../../sim/world/prng.ts'

function plan(points: number, seed = 'x') {
  return planPoints({
    operations: WRITE_OPERATIONS,
    victims: VICTIMS,
    points,
    random: new PrngStream(seed),
  })
}

/** Of each write: four for the bot, three for the others. */
const DISTINCT = WRITE_OPERATIONS.length * 10

describe('the text of a point', () => {
  it('is read as it is written', () => {
    for (const point of plan(3 * DISTINCT)) expect(parsePoint(pointText(point))).toEqual(point)
  })

  it('may leave out what is usual', () => {
    expect(parsePoint('bot/take-lease/unsent')).toMatchObject({ occurrence: 1, afterMs: 0 })
  })

  it.each([
    'bot',
    'cat/take-lease/unsent',
    'bot/take-lease/sometime',
    'bot/take-lease/unsent/0',
    'postgres/take-lease/late',
    'supervisor/take-lease/unsent/1/5',
  ])('is not %s', (text) => {
    expect(parsePoint(text)).toBeUndefined()
  })
})

describe('the order of a sweep', () => {
  it('has each different point once before any comes again, and again with a further occurrence', () => {
    const points = plan(2 * DISTINCT)
    const kindOf = ({ victim, operation, moment }: (typeof points)[number]): string =>
      [victim, operation, moment].join('/')
    const first = points.slice(0, DISTINCT).map(kindOf)
    expect(new Set(first).size).toBe(DISTINCT)
    expect(points.slice(DISTINCT).map(kindOf)).toEqual(first)
    expect(points.slice(0, DISTINCT).every(({ occurrence }) => occurrence === 1)).toBe(true)
    for (const { operation, occurrence } of points.slice(DISTINCT)) {
      const { maxOccurrence = 0 } = WRITE_OPERATIONS.find(({ name }) => name === operation) ?? {}
      expect(occurrence).toBe(Math.min(2, maxOccurrence))
    }
  })

  it('has every victim, moment and write in its first fifty', () => {
    const points = plan(50)
    expect(new Set(points.map(({ victim }) => victim)).size).toBe(VICTIMS.length)
    expect(new Set(points.map(({ moment }) => moment)).size).toBe(MOMENTS.length)
    expect(new Set(points.map(({ operation }) => operation)).size).toBe(WRITE_OPERATIONS.length)
  })

  it('depends on the seed for its delays alone, and gives a supervisor none but after the answer', () => {
    const [one, same, other] = [plan(100), plan(100), plan(100, 'y')]
    expect(same).toEqual(one)
    const withoutDelays = (points: typeof one) => points.map((point) => ({ ...point, afterMs: 0 }))
    expect(other).not.toEqual(one)
    expect(withoutDelays(other)).toEqual(withoutDelays(one))
    const ofSupervisor = one.filter(({ victim, moment }) => victim === 'supervisor' && moment !== 'answered')
    expect(ofSupervisor.map(({ afterMs }) => afterMs)).toEqual(ofSupervisor.map(() => 0))
  })

  it('is empty without anybody to kill', () => {
    const random = new PrngStream('x')
    expect(planPoints({ operations: WRITE_OPERATIONS, victims: [], points: 5, random })).toEqual([])
  })
})
