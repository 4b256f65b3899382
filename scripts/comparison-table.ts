/**
 * Puts a measured comparison into a document: between `<!-- comparison FILE SCENARIO -->` and `<!-- /comparison -->`
 * stands the table of that scenario in docs/results/FILE.
 */

import { comparisonMarkdown, comparisonOfJson } from '../sim/report/comparison-report.ts'

const TABLE = /(<!-- comparison (\S+) (\S+) -->\n)[^]*?(<!-- \/comparison -->)/g

/**
 * @param result gives the parsed content of a file in docs/results
 * @throws Error when a file has no such scenario
 */
export function withComparison(text: string, result: (file: string) => unknown): string {
  return text.replaceAll(TABLE, (_whole, begin: string, file: string, id: string, end: string) => {
    const { scenarios } = result(file) as { readonly scenarios: readonly { readonly scenario: string }[] }
    const found = scenarios.find(({ scenario }) => scenario === id)
    if (found === undefined) throw new Error(`${file} has no scenario ${id}`)
    return `${begin}\n${comparisonMarkdown(comparisonOfJson(found))}\n${end}`
  })
}
