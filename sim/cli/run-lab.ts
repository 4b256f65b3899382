/**
 * One call of the lab from its words to its exit code: does the command, turns trouble into one message, and
 * releases everything whatever happened.
 */

import { errorMessageOf } from '../../src/errors.ts'
import { InfrastructureError } from '../infrastructure-error.ts'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import type { LabEnvironment } from './lab-environment.ts'
import { Interrupted, LabProblem, problemText } from './lab-problem.ts'
import { runProgram } from './program.ts'

/** Never rejects. Afterwards nothing that it opened is left running. */
export function runLab(environment: LabEnvironment, words: readonly string[]): Promise<ExitCode> {
  return withLifetime(environment, () => runProgram(environment, words))
}

/** Does `work`, explains what it throws, and ends the lifetime. Never rejects. */
export async function withLifetime(
  environment: LabEnvironment,
  work: () => Promise<ExitCode>,
): Promise<ExitCode> {
  const { lifetime, terminal } = environment
  const exitCode = await work().catch((error: unknown) => explain(environment, error))
  const failures = await lifetime.end()
  for (const failure of failures) {
    const mend = 'look for processes, containers or databases of the lab and end them by hand'
    terminal.writeError(
      problemText({ what: `not everything could be put away: ${failure}`, where: 'the end', mend }),
    )
  }
  if (lifetime.interruptedExitCode !== undefined) return lifetime.interruptedExitCode
  return failures.length > 0 && exitCode === EXIT.holds ? EXIT.infrastructure : exitCode
}

/** Prints what went wrong. @returns the code to exit with */
function explain({ lifetime, terminal }: LabEnvironment, error: unknown): ExitCode {
  // What fails because a signal is tearing everything down is not news.
  if (lifetime.isInterrupted || error instanceof Interrupted) {
    terminal.writeError('interrupted: ending the workers and Postgres\n')
    return EXIT.interrupted
  }
  if (error instanceof LabProblem) {
    terminal.writeError(problemText({ what: error.message, where: error.where, mend: error.mend }))
    return error.exitCode
  }
  if (error instanceof InfrastructureError) {
    const where = "the lab's surroundings, not the bot or the scenario"
    terminal.writeError(problemText({ what: error.message, where, mend: error.hint }))
    return EXIT.infrastructure
  }
  const stack = error instanceof Error ? error.stack : undefined
  const mend = 'this is a bug of the lab: report it with the lines below'
  terminal.writeError(problemText({ what: errorMessageOf(error), where: 'the lab itself', mend }))
  if (stack !== undefined) terminal.writeError(`${stack}\n`)
  return EXIT.infrastructure
}
