/**
 * What the lab's exit codes mean, and which one wins when runs end differently: a failed machine says nothing
 * about the bot, a lab that is not deterministic says nothing certain, and only then do the claims speak.
 */

import type { RunResult, Verdict } from '../world/run-result.ts'

export const EXIT = {
  holds: 0,
  broken: 1,
  usage: 2,
  vacuous: 3,
  notDeterministic: 4,
  infrastructure: 5,
  interrupted: 130,
} as const
export type ExitCode = number

const CODE_OF_VERDICT: Readonly<Record<Verdict, ExitCode>> = {
  holds: EXIT.holds,
  broken: EXIT.broken,
  vacuous: EXIT.vacuous,
  error: EXIT.infrastructure,
}

const PRECEDENCE: readonly ExitCode[] = [
  EXIT.infrastructure,
  EXIT.notDeterministic,
  EXIT.broken,
  EXIT.vacuous,
]

/**
 * The code of several runs: 5 before 4 before 1 before 3 before 0.
 * @param bounds what became of the bounds that were stated on them
 */
export function exitCodeOf(
  results: readonly RunResult[],
  isDeterministic: boolean,
  bounds: ExitCode,
): ExitCode {
  const codes = new Set([...results.map((result) => CODE_OF_VERDICT[result.verdict]), bounds])
  if (!isDeterministic) codes.add(EXIT.notDeterministic)
  return PRECEDENCE.find((code) => codes.has(code)) ?? EXIT.holds
}
