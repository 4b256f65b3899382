/** Whole numbers among the words of a command line. */

import { LabProblem } from './lab-problem.ts'

/** A parser for commander. @throws LabProblem saying what would do */
export function wholeNumber(
  name: string,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`
    throw new LabProblem({
      what: `"${text}" is not a whole number ${range}`,
      where: `${name} ${text}`,
      mend: `give a whole number, e.g. ${name} ${Math.max(min, 2)}`,
    })
  }
}
