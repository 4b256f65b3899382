/**
 * Measured figures in the documents are those of the result files: each stands behind a comment that names the file
 * in docs/results, the value in it and what it is divided by. `npm run docs` writes them anew.
 */

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withComparison } from '../../../scripts/comparison-table.ts'
import { withFigures } from '../../../scripts/document-figures.ts'

const DOCS = join(import.meta.dirname, '../../../docs')
const PAGES = [...readdirSync(DOCS).filter((name) => name.endsWith('.md')), '../README.md']

function result(file: string): unknown {
  return JSON.parse(readFileSync(join(DOCS, 'results', file), 'utf8'))
}

/** A formatter aligns tables; what they say is the same. */
function withoutPadding(text: string): string {
  return text.replaceAll(/ +\|/g, ' |').replaceAll(/\| +/g, '| ').replaceAll(/-{3,}/g, '---')
}

describe('the tables of a comparison', () => {
  it.each(PAGES)('in %s are those measured', (page) => {
    const text = readFileSync(join(DOCS, page), 'utf8')
    expect(withoutPadding(withComparison(text, result))).toBe(withoutPadding(text))
  })

  it('are put between their marks, for the scenario that they name', () => {
    const value = { median: 1, worst: 3, runs: 2 }
    const scenario = {
      scenario: 'a/b',
      sides: ['bot'],
      measures: [{ measure: 'kills', unit: '', bot: value }],
    }
    const text = 'x\n\n<!-- comparison c.json a/b -->\n\nold\n\n<!-- /comparison -->\n\ny'
    const table = '| median (worst) | bot, 2 runs |\n| --- | ---: |\n| kills | 1 (3) |'
    expect(withComparison(text, () => ({ scenarios: [scenario] }))).toBe(text.replace('old', table))
    expect(() => withComparison(text, () => ({ scenarios: [] }))).toThrow('c.json has no scenario a/b')
  })
})

describe('figures', () => {
  it.each(PAGES)('of %s are those measured', (page) => {
    const text = readFileSync(join(DOCS, page), 'utf8')
    expect(withFigures(text, result)).toBe(text)
  })

  it('are written with as much precision as they have', () => {
    const measured = { a: { b: 26_214_400 }, c: 783.6, d: 1_500_000 }
    const text =
      '<!-- figure x.json a.b 1048576 -->0 MB, <!-- figure x.json c 1 -->7 ms, <!-- figure x.json d 1000000 -->9 MB'
    expect(withFigures(text, () => measured)).toBe(
      '<!-- figure x.json a.b 1048576 -->25 MB, <!-- figure x.json c 1 -->784 ms, <!-- figure x.json d 1000000 -->1.5 MB',
    )
  })

  it('that are not there are an error', () => {
    expect(() => withFigures('<!-- figure x.json a.b 1 -->0', () => ({ a: 1 }))).toThrow(
      'x.json has no number a.b',
    )
  })
})
