/**
 * Trouble that the person at the terminal can mend: what, where, how to mend it, and the exit code. It ends
 * the command and is printed as three lines, never as a stack.
 */

import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'

export interface ProblemParts {
  readonly what: string
  readonly where: string
  readonly mend: string
}

export class LabProblem extends Error {
  override readonly name = 'LabProblem'
  readonly where: string
  readonly mend: string
  readonly exitCode: ExitCode

  constructor(parts: ProblemParts & { readonly exitCode?: ExitCode }, options?: ErrorOptions) {
    super(parts.what, options)
    this.where = parts.where
    this.mend = parts.mend
    this.exitCode = parts.exitCode ?? EXIT.usage
  }
}

/** Thrown through a command when a signal ended it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

export function problemText(parts: ProblemParts): string {
  return `error: ${parts.what}\n  where: ${parts.where}\n  mend: ${parts.mend}\n`
}
