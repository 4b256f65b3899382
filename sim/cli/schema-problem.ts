/** Turns what a schema found wrong into lines a person can act on: the path, what was expected, what was there. */

import type { z } from 'zod'

type Issue = z.core.$ZodIssue
/** More than this is a wrong file rather than a wrong field. */
const MAX_LISTED = 10

/** E.g. `faults[2].atMs: expected number, received string`; one line per wrong field. */
export function describeIssues(error: z.ZodError): string[] {
  const lines = error.issues.map((issue) => `${pathText(issue.path)}: ${expectation(issue)}`)
  if (lines.length <= MAX_LISTED) return lines
  return [...lines.slice(0, MAX_LISTED), `and ${lines.length - MAX_LISTED} more`]
}

function pathText(path: Issue['path']): string {
  if (path.length === 0) return '(the whole)'
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`,
    )
    .join('')
}

function expectation(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return `no such field: ${issue.keys.join(', ')}`
  if (issue.code === 'invalid_union' && 'options' in issue) {
    return `expected one of ${(issue.options ?? []).map(String).join(', ')}`
  }
  return issue.message.replace(/^Invalid (input|option|string|number): /, '')
}
