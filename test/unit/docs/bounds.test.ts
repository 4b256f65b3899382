/** docs/bounds.md names every metric that may be bounded, and no other; the exit codes are the lab's. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { BASELINE_BOUNDS } from '../../../sim/assertions/bounds.ts'
import { METRICS } from '../../../sim/assertions/metrics.ts'
import { unitsText } from '../../../sim/assertions/quantity.ts'

const text = readFileSync(join(import.meta.dirname, '../../../docs/bounds.md'), 'utf8')
/** Of the first table; the one of rates has bounds, not metrics. */
const rows = text.split('\n').filter((line) => /^\| `[^<`]+`/.test(line))

it('names every metric once, with its units', () => {
  const documented = rows.flatMap((row) => {
    const [, names = '', unit = ''] = row.split('|')
    return [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => ({ name, unit: unit.trim() }))
  })
  const expected = METRICS.map(({ name, dimension }) => ({
    name,
    unit:
      dimension === 'count'
        ? ''
        : `${unitsText(dimension)}${dimension === 'bytes' ? ', % of the quota' : ''}`,
  }))
  expect(documented.toSorted(byName)).toEqual(expected.toSorted(byName))
})

it('names what a baseline is held to', () => {
  for (const bound of BASELINE_BOUNDS) expect(text).toContain(`\`${bound.replace(/<=.*/, '')}\``)
})

function byName(
  a: { readonly name?: string | undefined },
  b: { readonly name?: string | undefined },
): number {
  return (a.name ?? '').localeCompare(b.name ?? '')
}
