import { describe, expect, it } from 'vitest'
import { compareLevels } from '../../../../sim/conform/conformity.ts'
import type { Conformity } from '../../../../sim/conform/conformity.ts'
import type { Observation } from '../../../../sim/conform/observation.ts'
import { anObservation, withPeaks } from './observations.ts'

const NONE = new Set<string>()
const sound = anObservation()

function broken(...claims: string[]): Observation {
  return anObservation({ verdict: 'broken', broken: claims })
}

function asking(...cleanups: string[][]): Observation {
  return anObservation({ cleanups })
}

function compare(real: Observation[], virtual: Observation[], notJudged = NONE): Conformity {
  return compareLevels(real, virtual, notJudged)
}

describe('claims', () => {
  it('are the same when they hold at both levels, or break at both', () => {
    expect(compare([sound], [sound])).toMatchObject({ conforms: true, claims: { isSame: true } })
    expect(compare([broken('no-r15')], [broken('no-r15')]).conforms).toBe(true)
  })

  it('differ when one breaks at one level only', () => {
    expect(compare([broken('no-r15')], [sound])).toMatchObject({
      conforms: false,
      claims: { isSame: false, broken: [{ claim: 'no-r15', realRuns: 1, virtualRuns: 0 }] },
    })
    expect(compare([sound], [broken('no-r15')]).conforms).toBe(false)
  })

  it('waver in a minority of runs without changing what usually holds, and it is told', () => {
    const finding = compare([broken('single-socket'), sound, sound], [sound]).claims
    expect(finding).toEqual({
      isSame: true,
      broken: [{ claim: 'single-socket', realRuns: 1, virtualRuns: 0 }],
    })
  })

  it('that the real level leaves out are not compared', () => {
    expect(compare([sound], [broken('no-leaks')], new Set(['no-leaks'])).conforms).toBe(true)
  })
})

describe('reclaimers', () => {
  it('act in the same order, also when a cleanup stops early', () => {
    const conformity = compare([asking(['a', 'b', 'c']), asking(['a'])], [asking(['a', 'b', 'c'])])
    expect(conformity.reclaimers.isSame).toBe(true)
  })

  it('act in another order', () => {
    expect(compare([asking(['a', 'b'])], [asking(['b', 'a'])])).toMatchObject({
      conforms: false,
      reclaimers: { real: ['a > b'], virtual: ['b > a'], isSame: false },
    })
  })
})

describe("the ledger's peak", () => {
  const real = withPeaks('real', [300, 320, 340])

  it.each([
    ['the median', 320, true],
    ['the maximum and 15 %', 391, true],
    ['below the median', 319, false],
    ['above the maximum and 15 %', 392, false],
  ])('at %s', (_where, peakMb, isWithin) => {
    const { peak, conforms } = compare(real, withPeaks('model', [peakMb]))
    expect(peak).toMatchObject({ realMedianMb: 320, realMaxMb: 340, limitMb: 391, isWithin })
    expect(conforms).toBe(isWithin)
  })

  it('is the highest of the virtual runs', () => {
    const { peak } = compare(real, withPeaks('model', [100, 310, 330]))
    expect(peak).toMatchObject({ ledgerMb: 330, ledgerMedianMb: 310, isWithin: true })
  })

  it('is not judged where nobody read it', () => {
    expect(compare([sound], withPeaks('model', [300])).peak).toBeUndefined()
  })
})
