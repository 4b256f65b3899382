/**
 * Whether the virtual world told the truth about a scenario: the same claims hold as at the real level, key events
 * come in the same order, reclaimers act in the same order, and the ledger's peak is neither below what real runs
 * usually reach nor far above the worst of them. Pure.
 */

import { median } from '../assertions/median.ts'
import { compareOrder } from './event-order.ts'
import type { OrderFinding } from './event-order.ts'
import type { Observation } from './observation.ts'

/** The ledger may be above the worst real run by so much, percent of it. */
export const PEAK_MARGIN_PERCENT = 15
/** Fewer real runs than this say little about the median and nothing about the worst. */
export const RUNS_FOR_PEAK = 10

export interface ClaimsFinding {
  /** By claim: in how many runs of the level it broke. Claims that never broke anywhere are left out. */
  readonly broken: readonly {
    readonly claim: string
    readonly realRuns: number
    readonly virtualRuns: number
  }[]
  /** Whether each claim usually holds at both levels, or usually breaks at both. */
  readonly isSame: boolean
}

/** Runs that put nothing to the test, a fault that never struck or the like: they are left out of all else. */
export interface VacuousFinding {
  readonly real: number
  readonly virtual: number
  /** At one of the levels at least half of the runs. */
  readonly isMost: boolean
}

export interface PeakFinding {
  /** The highest of its runs: what the model says can be reached. */
  readonly ledgerMb: number
  readonly ledgerMedianMb: number
  readonly realMedianMb: number
  readonly realMaxMb: number
  /** The band's upper end. */
  readonly limitMb: number
  readonly isWithin: boolean
}

export interface ReclaimerFinding {
  /** Every order in which a cleanup asked, as text, each once. */
  readonly real: readonly string[]
  readonly virtual: readonly string[]
  readonly isSame: boolean
}

export interface Conformity {
  readonly scenario: string
  /** Runs that are compared. */
  readonly realRuns: number
  readonly virtualRuns: number
  readonly vacuous: VacuousFinding
  readonly claims: ClaimsFinding
  readonly order: OrderFinding
  readonly reclaimers: ReclaimerFinding
  /** Undefined when a level did not read memory. */
  readonly peak: PeakFinding | undefined
  /** `undecided`: nothing disagrees, but not everything could be compared. */
  readonly verdict: 'conforms' | 'disagrees' | 'undecided'
}

/**
 * @param allReal runs of one scenario at the real level, at least one
 * @param allVirtual runs of its twin
 * @param notJudged claims that the real level leaves out
 */
export function compareLevels(
  allReal: readonly Observation[],
  allVirtual: readonly Observation[],
  notJudged: ReadonlySet<string>,
): Conformity {
  const [real, virtual] = [allReal, allVirtual].map((runs) =>
    runs.filter(({ verdict }) => verdict !== 'vacuous'),
  ) as [Observation[], Observation[]]
  const vacuous = {
    real: allReal.length - real.length,
    virtual: allVirtual.length - virtual.length,
    isMost: real.length * 2 <= allReal.length || virtual.length * 2 <= allVirtual.length,
  }
  const claims = compareClaims(real, virtual, notJudged)
  const order = compareOrder(
    real.map(({ events }) => events),
    virtual.map(({ events }) => events),
  )
  const reclaimers = compareReclaimers(real, virtual)
  const peak = comparePeaks(real, virtual)
  const isOrderSame = order.reversed.length + order.onlyReal.length + order.onlyVirtual.length === 0
  const agrees = claims.isSame && isOrderSame && reclaimers.isSame && peak?.isWithin !== false
  const isWhole = order.isCompared && peak !== undefined
  return {
    scenario: allReal[0]?.scenario ?? '',
    realRuns: real.length,
    virtualRuns: virtual.length,
    vacuous,
    claims,
    order,
    reclaimers,
    peak,
    // Of runs that mostly put nothing to the test, the rest is no majority.
    verdict: vacuous.isMost ? 'undecided' : !agrees ? 'disagrees' : isWhole ? 'conforms' : 'undecided',
  }
}

function compareClaims(
  real: readonly Observation[],
  virtual: readonly Observation[],
  notJudged: ReadonlySet<string>,
): ClaimsFinding {
  const names = new Set([...real, ...virtual].flatMap(({ broken }) => broken))
  const broken = [...names]
    .filter((claim) => !notJudged.has(claim))
    .toSorted()
    .map((claim) => ({
      claim,
      realRuns: runsThatBreak(real, claim),
      virtualRuns: runsThatBreak(virtual, claim),
    }))
  const isSame = broken.every(
    ({ realRuns, virtualRuns }) =>
      usuallyHolds(realRuns, real.length) === usuallyHolds(virtualRuns, virtual.length),
  )
  return { broken, isSame }
}

/** A cleanup may stop early, so an order is the same when it is the beginning of another; none at all is not. */
function compareReclaimers(real: readonly Observation[], virtual: readonly Observation[]): ReclaimerFinding {
  const [atReal, inVirtual] = [real, virtual].map((runs) =>
    [...new Set(runs.flatMap(({ cleanups }) => cleanups.map((steps) => steps.join(' > '))))].toSorted(),
  ) as [string[], string[]]
  const isEmptyAtOne = (atReal.length === 0) !== (inVirtual.length === 0)
  const isSame = !isEmptyAtOne && atReal.every((one) => inVirtual.every((other) => agree(one, other)))
  return { real: atReal, virtual: inVirtual, isSame }
}

function comparePeaks(
  real: readonly Observation[],
  virtual: readonly Observation[],
): PeakFinding | undefined {
  const [atReal, inVirtual] = [real, virtual].map((runs) =>
    runs.flatMap(({ memory }) => memory.peakMb ?? []),
  ) as [number[], number[]]
  if (atReal.length === 0 || inVirtual.length === 0) return undefined
  const ledgerMb = Math.max(...inVirtual)
  const realMedianMb = median(atReal)
  const realMaxMb = Math.max(...atReal)
  const limitMb = Math.round(realMaxMb * (100 + PEAK_MARGIN_PERCENT)) / 100
  return {
    ledgerMb,
    ledgerMedianMb: median(inVirtual),
    realMedianMb,
    realMaxMb,
    limitMb,
    isWithin: ledgerMb >= realMedianMb && ledgerMb <= limitMb,
  }
}

function usuallyHolds(brokenRuns: number, runs: number): boolean {
  return brokenRuns * 2 < runs
}

function agree(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one)
}

function runsThatBreak(runs: readonly Observation[], claim: string): number {
  return runs.filter(({ broken }) => broken.includes(claim)).length
}
