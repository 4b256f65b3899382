import { describe, expect, it } from 'vitest'
import { compareLevels } from '../../../../sim/conform/conformity.ts'
import type { Conformity } from '../../../../sim/conform/conformity.ts'
import type { Observation } from '../../../../sim/conform/observation.ts'
import { anObservation, withPeaks } from './observations.ts'

const NONE = new Set<string>()
const sound = anObservation({ memory: { peakMb: 300, restMb: null } })

function broken(...claims: string[]): Observation {
  return { ...sound, verdict: 'broken', broken: claims }
}

function asking(...cleanups: string[][]): Observation {
  return { ...sound, cleanups }
}

function compare(real: Observation[], virtual: Observation[], notJudged = NONE): Conformity {
  return compareLevels(real, virtual, notJudged)
}

describe('claims', () => {
  it('are the same when they hold at both levels, or break at both', () => {
    expect(compare([sound], [sound])).toMatchObject({ verdict: 'conforms', claims: { isSame: true } })
    expect(compare([broken('no-r15')], [broken('no-r15')]).verdict).toBe('conforms')
  })

  it('differ when one breaks at one level only', () => {
    expect(compare([broken('no-r15')], [sound])).toMatchObject({
      verdict: 'disagrees',
      claims: { isSame: false, broken: [{ claim: 'no-r15', realRuns: 1, virtualRuns: 0 }] },
    })
    expect(compare([sound], [broken('no-r15')]).verdict).toBe('disagrees')
  })

  it('waver in a minority of runs without changing what usually holds, and it is told', () => {
    const finding = compare([broken('single-socket'), sound, sound], [sound]).claims
    expect(finding).toEqual({
      isSame: true,
      broken: [{ claim: 'single-socket', realRuns: 1, virtualRuns: 0 }],
    })
  })

  it('that the real level leaves out are not compared', () => {
    expect(compare([sound], [broken('no-leaks')], new Set(['no-leaks'])).verdict).toBe('conforms')
  })
})

describe('reclaimers', () => {
  it('act in the same order, also when a cleanup stops early', () => {
    const conformity = compare([asking(['a', 'b', 'c']), asking(['a'])], [asking(['a', 'b', 'c'])])
    expect(conformity.reclaimers.isSame).toBe(true)
  })

  it('that are asked at one level only are no agreement', () => {
    expect(compare([asking(['a'])], [sound])).toMatchObject({
      verdict: 'disagrees',
      reclaimers: { real: ['a'], virtual: [], isSame: false },
    })
    expect(compare([sound], [asking(['a'])]).verdict).toBe('disagrees')
    expect(compare([sound], [sound]).reclaimers.isSame).toBe(true)
  })

  it('act in another order', () => {
    expect(compare([asking(['a', 'b'])], [asking(['b', 'a'])])).toMatchObject({
      verdict: 'disagrees',
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
    const { peak, verdict } = compare(real, withPeaks('model', [peakMb]))
    expect(peak).toMatchObject({ realMedianMb: 320, realMaxMb: 340, limitMb: 391, isWithin })
    expect(verdict).toBe(isWithin ? 'conforms' : 'disagrees')
  })

  it('is the highest of the virtual runs', () => {
    const { peak } = compare(real, withPeaks('model', [100, 310, 330]))
    expect(peak).toMatchObject({ ledgerMb: 330, ledgerMedianMb: 310, isWithin: true })
  })

  it('is not judged where nobody read it', () => {
    const blind = compare([anObservation()], [sound])
    expect(blind.peak).toBeUndefined()
    expect(blind.verdict).toBe('undecided')
  })
})

describe('a run that put nothing to the test', () => {
  const vacuous: Observation = { ...sound, verdict: 'vacuous' }

  it('is told, and counts neither as one that holds nor as one that breaks', () => {
    const conformity = compare([vacuous, broken('no-r15'), broken('no-r15'), sound], [broken('no-r15')])
    expect(conformity).toMatchObject({
      verdict: 'conforms',
      realRuns: 3,
      vacuous: { real: 1, virtual: 0, isMost: false },
    })
  })

  it('leaves the comparison undecided when it is the usual one at a level', () => {
    expect(compare([vacuous, vacuous, sound], [sound])).toMatchObject({
      verdict: 'undecided',
      vacuous: { real: 2, virtual: 0, isMost: true },
    })
    expect(compare([sound], [vacuous]).verdict).toBe('undecided')
    expect(compare([vacuous], [vacuous]).verdict).toBe('undecided')
  })
})

function at(...names: string[]) {
  return names.map((name, index) => ({ name, atMs: index * 100, phase: 0 }))
}

describe('the order of key events', () => {
  it('that nothing could be said of is no agreement', () => {
    expect(compare([{ ...sound, events: at('a', 'b') }], [{ ...sound, events: at('a', 'b') }])).toMatchObject(
      {
        verdict: 'undecided',
        order: { comparedPairs: 0, isCompared: false },
      },
    )
    expect(compare([{ ...sound, events: at('a') }], [{ ...sound, events: at('a') }]).verdict).toBe('conforms')
  })
})
