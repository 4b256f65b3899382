/** What `conform` prints and writes: a line for each scenario, what disagrees, what was not compared, the memory model. */

import { CALIBRATION_SETS, calibrationSetOf } from '../conform/calibration-sets.ts'
import type { CalibrationSet } from '../conform/calibration-sets.ts'
import { PEAK_MARGIN_PERCENT, RUNS_FOR_PEAK } from '../conform/conformity.ts'
import type { Conformity } from '../conform/conformity.ts'
import type { Observation } from '../conform/observation.ts'
import { LEDGER_CONSTANTS } from '../fakes/ledger-constants.ts'
import { countText } from './durations.ts'
import { plainTable } from './plain-table.ts'
import type { Colors } from './terminal.ts'

export interface ConformReport {
  readonly conformities: readonly Conformity[]
  readonly uncompared: readonly { readonly scenario: string; readonly reasons: readonly string[] }[]
  readonly real: readonly Observation[]
}

export function conformText(report: ConformReport, colors: Colors): string {
  const { conformities, uncompared } = report
  return [
    conformities.length === 0 ? 'no real run to compare with\n' : `\n${conformTable(conformities, colors)}`,
    ...conformities.flatMap((each) => disagreements(each).map((line) => `${colors.red('✗')} ${line}\n`)),
    ...uncompared.map(({ scenario, reasons }) =>
      colors.dim(`not compared: ${scenario}: ${reasons.join('; ')}\n`),
    ),
    calibrationText(conformities),
    summaryLine(conformities, colors),
  ].join('')
}

/** Kept runs that are left out, because their scenario is another one by now. */
export function outdatedText(outdated: readonly Observation[]): string {
  return `left out: ${countText(outdated.length, 'kept run')} of ${namesOf(outdated)}, which has changed since\n`
}

/** Real runs that are not counted, whatever came of them: the rule knows the machine's load and no verdict. */
export function starvedText(starved: readonly Observation[], mostLoad: number): string {
  const [what, why] = [countText(starved.length, 'real run'), 'a starved bot is another experiment']
  return `not counted: ${what} of ${namesOf(starved)} on a machine with more than ${mostLoad} runnable processes a core; ${why}, run it again\n`
}

function namesOf(runs: readonly Observation[]): string {
  return [...new Set(runs.map(({ scenario }) => scenario))].join(', ')
}

function conformTable(conformities: readonly Conformity[], colors: Colors): string {
  return plainTable(
    [
      ['scenario', 'left'],
      ['real runs', 'right'],
      ['claims', 'left'],
      ['order', 'left'],
      ['reclaimers', 'left'],
      ['real peak, median – max', 'right'],
      ['ledger', 'right'],
      ['', 'left'],
    ],
    conformities.map((each) => [
      each.scenario,
      String(each.realRuns),
      each.claims.isSame ? 'same' : 'differ',
      orderWord(each),
      reclaimerWord(each),
      each.peak === undefined ? 'not compared' : `${mb(each.peak.realMedianMb)} – ${mb(each.peak.realMaxMb)}`,
      each.peak === undefined ? '–' : mb(each.peak.ledgerMb),
      verdictWord(each, colors),
    ]),
  )
}

function orderFindings({ order }: Conformity): number {
  return order.reversed.length + order.onlyReal.length + order.onlyVirtual.length
}

function orderWord(conformity: Conformity): string {
  const { order } = conformity
  const findings = orderFindings(conformity)
  if (!order.isCompared && findings === 0) return 'not compared'
  return findings === 0 ? `same (${countText(order.comparedPairs, 'pair')})` : 'differs'
}

function verdictWord({ verdict }: Conformity, colors: Colors): string {
  return verdict === 'conforms' ? colors.green(verdict) : colors.red(verdict)
}

function reclaimerWord({ reclaimers }: Conformity): string {
  if (reclaimers.real.length + reclaimers.virtual.length === 0) return 'none asked'
  return reclaimers.isSame ? 'same' : 'differ'
}

/** Every point of disagreement, and what was not compared, as a sentence. */
export function disagreements(conformity: Conformity): string[] {
  const { scenario, vacuous, claims, order, reclaimers, peak, realRuns, virtualRuns } = conformity
  return [
    ...(vacuous.real + vacuous.virtual === 0
      ? []
      : [
          `${scenario}: nothing was put to the test in ${vacuous.real} of ${realRuns + vacuous.real} real runs and ${vacuous.virtual} of ${virtualRuns + vacuous.virtual} virtual ones, which are left out`,
        ]),
    ...(claims.isSame
      ? []
      : claims.broken.map(
          ({ claim, realRuns: real, virtualRuns: virtual }) =>
            `${scenario}: ${claim} breaks in ${real} of ${realRuns} real runs and ${virtual} of ${virtualRuns} virtual ones`,
        )),
    ...order.onlyReal.map((name) => `${scenario}: ${name} comes in every real run and in no virtual one`),
    ...order.onlyVirtual.map((name) => `${scenario}: ${name} comes in every virtual run and in no real one`),
    ...order.reversed.map(
      ({ phase, first, second }) =>
        `${scenario}: ${phase === null ? 'over the whole run' : `after fault ${phase}`}, ${first} comes before ${second} at the real level, and after it in the virtual world`,
    ),
    ...(order.isCompared ? [] : [`${scenario}: no two key events have an order at both levels`]),
    ...(reclaimers.isSame
      ? []
      : [
          `${scenario}: cleanups ask ${reclaimers.real.join(' or ') || 'nothing'} at the real level, and ${reclaimers.virtual.join(' or ') || 'nothing'} in the virtual world`,
        ]),
    ...(peak === undefined ? [`${scenario}: memory was not read at both levels`] : []),
    ...(peak === undefined || peak.isWithin
      ? []
      : [
          `${scenario}: the ledger's peak of ${mb(peak.ledgerMb)} is not between the real median of ${mb(peak.realMedianMb)} and ${mb(peak.limitMb)}, the worst and ${PEAK_MARGIN_PERCENT} %`,
        ]),
  ]
}

/** How the memory model stands in the set that it was fitted on and in the other. */
export function calibrationText(conformities: readonly Conformity[]): string {
  const lines = (Object.keys(CALIBRATION_SETS) as CalibrationSet[]).flatMap((set) => {
    const own = conformities.filter(({ scenario }) => calibrationSetOf(scenario) === set)
    const peaks = own.flatMap(({ peak, realRuns }) => (peak === undefined ? [] : [{ ...peak, realRuns }]))
    if (peaks.length === 0) return []
    const within = peaks.filter(({ isWithin }) => isWithin).length
    const fewest = Math.min(...peaks.map(({ realRuns }) => realRuns))
    const few =
      fewest < RUNS_FOR_PEAK ? `, by as few as ${countText(fewest, 'real run')} of ${RUNS_FOR_PEAK}` : ''
    return [
      `memory, ${set}: the ledger's peak lies in its band in ${within} of ${countText(peaks.length, 'scenario')}${few}\n`,
    ]
  })
  if (lines.length === 0) return ''
  return `${lines.join('')}the memory model is ${LEDGER_CONSTANTS.note}\n`
}

function summaryLine(conformities: readonly Conformity[], colors: Colors): string {
  const conforming = conformities.filter(({ verdict }) => verdict === 'conforms').length
  const text = `${conforming} of ${countText(conformities.length, 'scenario')} conform`
  return `${conforming === conformities.length ? colors.green(text) : colors.red(text)}\n`
}

/** Fields are added, never renamed. */
export function conformJson({ conformities, uncompared, real }: ConformReport): string {
  const scenarios = conformities.map((each) => ({
    ...each,
    conforms: each.verdict === 'conforms',
    peak: each.peak ?? null,
    set: calibrationSetOf(each.scenario) ?? null,
    loadPerCore: loadRange(real.filter(({ scenario }) => scenario === each.scenario)),
  }))
  const ledger = Object.entries(LEDGER_CONSTANTS.constants).map(([name, constant]) => ({ name, ...constant }))
  const { isCalibrated, note } = LEDGER_CONSTANTS
  const agree = agreements(conformities)
  return `${JSON.stringify({ isCalibrated, note, agree, scenarios, uncompared, ledger }, undefined, 2)}\n`
}

/** In how many scenarios the levels agree, in each thing that is compared. */
function agreements(conformities: readonly Conformity[]): Readonly<Record<string, number>> {
  const count = (isSame: (one: Conformity) => boolean): number => conformities.filter(isSame).length
  return {
    of: conformities.length,
    claims: count(({ claims }) => claims.isSame),
    order: count((each) => orderFindings(each) === 0),
    reclaimers: count(({ reclaimers }) => reclaimers.isSame),
    peak: count(({ peak }) => peak?.isWithin === true),
    everything: count(({ verdict }) => verdict === 'conforms'),
  }
}

/** Of the machine that made the real runs: lowest and highest. */
function loadRange(real: readonly Observation[]): readonly number[] {
  const loads = real.flatMap(({ loadPerCore }) => loadPerCore ?? [])
  return loads.length === 0 ? [] : [Math.min(...loads), Math.max(...loads)]
}

function mb(value: number): string {
  return `${Math.round(value)} MB`
}
