/** Whose turn it is, and which tables of steps are mistakes. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertOrder, nextTurn } from '../../../src/startup/startup-order.ts'
import type { OrderedStep } from '../../../src/startup/startup-order.ts'

function step(name: string, needs: readonly string[] = [], startAfterMs = 0): OrderedStep {
  return { name, needs, startAfterMs }
}

function turn(steps: readonly OrderedStep[], settled: Record<string, number>, nowMs: number) {
  return nextTurn(steps, new Map(Object.entries(settled)), 0, nowMs)
}

describe('assertOrder', () => {
  it.each([
    ['an unknown need', [step('a', ['b'])], /needs b, which is no step/],
    ['a step that needs itself', [step('a', ['a'])], /in a circle: a$/],
    ['a circle', [step('ok'), step('a', ['b']), step('b', ['a'])], /in a circle: a, b$/],
    ['a name used twice', [step('a'), step('a')], /share a name/],
  ])('refuses %s', (_, steps, message) => {
    expect(() => assertOrder(steps)).toThrow(message)
  })

  it('accepts a need that comes later in the table', () => {
    expect(() => assertOrder([step('a', ['b']), step('b')])).not.toThrow()
  })
})

describe('nextTurn', () => {
  it('goes by the table where needs leave a choice', () => {
    const steps = [step('a', ['c']), step('b'), step('c')]
    expect(turn(steps, {}, 0)?.name).toBe('b')
    expect(turn(steps, { b: 0 }, 0)?.name).toBe('c')
    expect(turn(steps, { b: 0, c: 0 }, 0)?.name).toBe('a')
    expect(turn(steps, { a: 0, b: 0, c: 0 }, 0)).toBeUndefined()
  })

  it('counts a delay from the time when the last need was settled', () => {
    const steps = [step('a'), step('b'), step('late', ['a', 'b'], 1000)]
    expect(turn(steps, { a: 100, b: 400 }, 500)).toEqual({ name: 'late', waitMs: 900 })
    expect(turn(steps, { a: 100, b: 400 }, 1400)).toEqual({ name: 'late', waitMs: 0 })
  })

  it('lets others pass a delayed step', () => {
    expect(turn([step('late', [], 1000), step('other')], {}, 0)).toEqual({ name: 'other', waitMs: 0 })
  })

  it('places every step exactly once and after its needs, whatever the table', () => {
    const tables = fc.array(fc.array(fc.nat(6), { maxLength: 3 }), { maxLength: 7 }).chain((needs) => {
      const steps = needs.map((each, index) =>
        step(
          `s${index}`,
          [...new Set(each.filter((need) => need < index))].map((need) => `s${need}`),
        ),
      )
      return fc.shuffledSubarray(steps, { minLength: steps.length })
    })
    fc.assert(
      fc.property(tables, (steps) => {
        assertOrder(steps)
        const settled = new Map<string, number>()
        for (
          let next = nextTurn(steps, settled, 0, 0);
          next !== undefined;
          next = nextTurn(steps, settled, 0, 0)
        ) {
          const name = next.name
          const needs = steps.find((each) => each.name === name)?.needs ?? ['?']
          expect([settled.has(name), needs.every((need) => settled.has(need))]).toEqual([false, true])
          settled.set(name, 0)
        }
        expect(settled.size).toBe(steps.length)
      }),
    )
  })
})
