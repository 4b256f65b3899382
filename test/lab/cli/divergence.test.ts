import { describe, expect, it } from 'vitest'
import { compareEnds } from '../../../sim/cli/divergence.ts'

describe('compareEnds', () => {
  const whole = { traceEvents: 4, lines: ['a', 'b', 'c', 'd'] }

  it('finds nothing between equal traces', () => {
    expect(compareEnds(whole, whole)).toBeUndefined()
  })

  it('names the first line that differs, counted from 1', () => {
    const other = { traceEvents: 4, lines: ['a', 'b', 'x', 'y'] }
    expect(compareEnds(whole, other)).toEqual({ line: 3, first: 'c', second: 'x' })
  })

  it('sees that one trace has ended', () => {
    const shorter = { traceEvents: 3, lines: ['a', 'b', 'c'] }
    expect(compareEnds(whole, shorter)).toEqual({ line: 4, first: 'd', second: undefined })
  })

  it('compares by line number when fewer lines were kept', () => {
    const end = { traceEvents: 4, lines: ['c', 'x'] }
    expect(compareEnds(whole, end)).toEqual({ line: 4, first: 'd', second: 'x' })
  })

  it('cannot tell where traces part that differ in the first line kept', () => {
    const end = { traceEvents: 4, lines: ['x', 'd'] }
    expect(compareEnds(whole, end)).toBeUndefined()
  })
})
