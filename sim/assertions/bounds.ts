/**
 * All the bounds of one command: what was written, and the baseline they may refer to. A baseline to which no bound
 * refers is not ignored: then the run must not be worse than it in what a sound bot repeats exactly, or nearly.
 */

import { resolve } from 'node:path'
import { EXIT } from '../cli/exit-code.ts'
import type { ExitCode } from '../cli/exit-code.ts'
import { LabProblem } from '../cli/lab-problem.ts'
import { parseAssertion } from './assertion.ts'
import type { Assertion } from './assertion.ts'
import { judgeAssertion } from './judge.ts'
import type { Judgement } from './judge.ts'
import { readMeasurements } from './measurements-file.ts'
import type { Measurements } from './measurements.ts'

export interface Bounds {
  readonly assertions: readonly Assertion[]
  /** Empty without one. */
  readonly baseline: readonly Measurements[]
}

/** Memory differs by some per cent from run to run, and connections by one; the rest must be as it was. */
export const BASELINE_BOUNDS = [
  'lost<=baseline',
  'doubled<=baseline',
  'qr-scans<=baseline',
  'unhealed<=baseline',
  'connects/min<=baseline+1',
  'sockets<=baseline',
  'r14<=baseline',
  'r15<=baseline',
  'kills<=baseline',
  'crashes<=baseline',
  'rss-typical<=baseline+10%',
  'rss-peak<=baseline+15%',
] as const

/**
 * @param directory where the baseline's path starts
 * @throws LabProblem for what is no bound, a baseline that cannot be read, or a bound on one that is not given
 */
export function readBounds(
  directory: string,
  words: { readonly assert: readonly string[]; readonly baseline: string | undefined },
): Bounds {
  const written = words.assert.map(parseAssertion)
  const relative = written.find(({ bound }) => bound.kind === 'baseline')
  if (words.baseline === undefined) {
    if (relative === undefined) return { assertions: written, baseline: [] }
    throw new LabProblem({
      what: 'the bound is on a baseline, and none is given',
      where: `--assert '${relative.text}'`,
      mend: 'add --baseline FILE; an earlier run writes one with --measurements FILE',
    })
  }
  const assertions = relative === undefined ? [...written, ...BASELINE_BOUNDS.map(parseAssertion)] : written
  return { assertions, baseline: readMeasurements(resolve(directory, words.baseline)) }
}

/** Whether one of them can be judged only where garbage is collected from outside. */
export function needCollections({ assertions }: Bounds): boolean {
  return assertions.some(({ metric }) => metric.needsCollections === true)
}

/** Before hours are spent on it. @throws LabProblem when the baseline lacks one of the scenarios */
export function checkBaseline({ baseline }: Bounds, scenarios: readonly string[]): void {
  if (baseline.length === 0) return
  const known = new Set(baseline.map(({ scenario }) => scenario))
  const missing = scenarios.find((scenario) => !known.has(scenario))
  if (missing === undefined) return
  throw new LabProblem({
    what: `the baseline has no run of ${missing}`,
    where: `--baseline: it has ${[...known].join(', ')}`,
    mend: 'run only what the baseline has, or write one of all scenarios with --measurements FILE',
  })
}

/** Each bound on each run, in their order. */
export function judgeBounds({ assertions, baseline }: Bounds, runs: readonly Measurements[]): Judgement[] {
  return runs.flatMap((run) => {
    const same = baseline.filter(({ scenario }) => scenario === run.scenario)
    return assertions.map((assertion) => judgeAssertion(assertion, run, same))
  })
}

/** A broken bound is a broken claim; an undecided one proves nothing. */
export function exitCodeOfJudgements(judgements: readonly Judgement[]): ExitCode {
  const verdicts = new Set(judgements.map(({ verdict }) => verdict))
  if (verdicts.has('broken')) return EXIT.broken
  return verdicts.has('undecided') ? EXIT.vacuous : EXIT.holds
}
