/** What one run of one scenario came to. */

import type { Measurements } from '../assertions/measurements.ts'
import type { Violation } from '../checkers/claim.ts'
import type { Family, Level, Scenario } from '../scenario.ts'

/** Bots of the virtual world; the real level has its own, and takes any command. */
export const TARGETS = ['bot', 'before'] as const
export type TargetName = (typeof TARGETS)[number]

/**
 * `holds`: every claim held and was put to the test. `broken`: a claim failed. `vacuous`: a fault never
 * struck or a `sometimes` claim was never seen, so nothing was proved. `error`: the lab itself failed.
 */
export type Verdict = 'holds' | 'broken' | 'vacuous' | 'error'

/** What goes with a target that is a command. */
export interface TargetOptions {
  /** The bot's folder: a command is run in a copy of it. */
  readonly folder: string
  /** Its variables, a file of `NAME=value` lines. */
  readonly envFile?: string | undefined
  /** The image that holds it, in place of the folder. */
  readonly image?: string | undefined
}

export interface RunRequest {
  readonly scenario: Scenario
  readonly level: Level
  readonly seed: number
  /** One of TARGETS; at the real level a name or a command as it was given. */
  readonly target: string
  /** At the real level. */
  readonly targetOptions?: TargetOptions
  /** At the real level: garbage is collected in the target every so often, so that a leak can be told from it. */
  readonly collectsGarbage?: boolean
  /** Each dyno's memory is recorded so often, as `dyno.reading`: levels are compared by it. Undefined: it is not. */
  readonly memoryEveryMs?: number
}

export interface RunResult {
  readonly scenario: string
  readonly family: Family
  readonly level: Level
  readonly target: string
  readonly seed: number
  readonly verdict: Verdict
  /** SHA-256 of the trace, hex; '' when the run ended in an error. */
  readonly traceHash: string
  readonly traceEvents: number
  /** First broken claim first; for `vacuous` what was never seen, for `error` the error. */
  readonly violations: readonly Violation[]
  readonly virtualMs: number
  readonly wallMs: number
  /** Which Postgres served it, e.g. `embedded 18.4`; undefined at `model`. */
  readonly postgres: string | undefined
  /** The last trace lines, as kept. */
  readonly lines: readonly string[]
  /** What the reader of the result must know: settings that were shortened, claims not judged. */
  readonly notes?: readonly string[]
  /** At the real level: what was measured from outside. */
  readonly measurements?: Measurements
}

/** How long it lasts by its own clock, ms: at the real level that is on the wall. */
export function durationMsOf({ scenario, level }: RunRequest): number {
  return level === 'real' && scenario.real !== undefined ? scenario.real.durationMs : scenario.durationMs
}
