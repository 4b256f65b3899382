/** docs/failure-modes.md names each failure once, and nothing that does not exist. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scenarios } from '../../../scenarios/index.ts'
import { absence } from './witness.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/failure-modes.md'), 'utf8')
const ROWS = PAGE.split('\n').filter((line) => /^\| F\d+ +\|/.test(line))
const FAILURES_IN_THE_FIELD = 23

function witnessesOf(row: string): string[] {
  return [...row.matchAll(/`([^`]+)`/g)].flatMap(([, text = '']) => (/^[\w-]+\//.test(text) ? [text] : []))
}

describe('the failure modes', () => {
  it('are all there, each once', () => {
    const numbers = ROWS.map((row) => /F(\d+)/.exec(row)?.[1])
    expect(numbers).toEqual(Array.from({ length: FAILURES_IN_THE_FIELD }, (_, index) => `${index + 1}`))
  })

  it.each(ROWS)('%s', (row) => {
    expect(
      witnessesOf(row)
        .map(absence)
        .filter((reason) => reason !== undefined),
    ).toEqual([])
  })

  it('leave no scenario of the real level unsaid', () => {
    const elsewhere = new Set(['dyno-restart', 'multi-day'])
    const missing = scenarios.filter(
      ({ id, family, real }) => real !== undefined && !elsewhere.has(family) && !PAGE.includes(`\`${id}\``),
    )
    expect(missing.map(({ id }) => id)).toEqual([])
  })
})
