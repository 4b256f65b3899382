/** A comparison of bots as a Markdown table for documents, a table of text for terminals, and as JSON. */

import { z } from 'zod'
import type { ComparedValue, Comparison, ComparisonRow } from '../assertions/comparison.ts'
import { plainTable } from './plain-table.ts'

/** What nobody measured. */
const NONE = '–'

/** Without alignment beyond what Markdown needs: a formatter does the rest. */
export function comparisonMarkdown(comparison: Comparison): string {
  const lines = [titles(comparison), ['---', ...comparison.sides.map(() => '---:')], ...cells(comparison)]
  return `${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}\n`
}

export function comparisonText(comparison: Comparison): string {
  const [first = '', ...others] = titles(comparison)
  return plainTable([[first, 'left'], ...others.map((title) => [title, 'right'] as const)], cells(comparison))
}

/** Rows by measure, values by side; fields are added, never renamed. */
export function comparisonJson({ sides, rows }: Comparison): object {
  return {
    sides,
    measures: rows.map(({ measure, unit, values }) => ({
      measure,
      unit,
      ...Object.fromEntries(sides.map((side, index) => [side, values[index] ?? null])),
    })),
  }
}

/** What `comparisonJson` made, read again. @throws ZodError for anything else */
export function comparisonOfJson(json: unknown): Comparison {
  const { sides, measures } = comparisonSchema.parse(json)
  return {
    sides,
    rows: measures.map(({ measure, unit, ...values }) => ({
      measure,
      unit,
      values: sides.map((side) => comparedSchema.parse(values[side])),
    })),
  }
}

const comparedSchema = z.object({ median: z.number(), worst: z.number(), runs: z.number() }).nullable()
const comparisonSchema = z.object({
  sides: z.array(z.string()),
  measures: z.array(
    z.looseObject({ measure: z.string(), unit: z.enum(['MB', '% of the quota', 'ms', '%', '']) }),
  ),
})

function titles({ sides, rows }: Comparison): string[] {
  return [
    'median (worst)',
    ...sides.map((side, index) => {
      const runs = Math.max(0, ...rows.map(({ values }) => values[index]?.runs ?? 0))
      return `${side}, ${runs} ${runs === 1 ? 'run' : 'runs'}`
    }),
  ]
}

function cells({ rows }: Comparison): string[][] {
  return rows.map((row) => [
    row.unit === '' ? row.measure : `${row.measure}, ${row.unit}`,
    ...row.values.map((value) => cell(row, value)),
  ])
}

function cell({ unit }: ComparisonRow, value: ComparedValue | null): string {
  if (value === null) return NONE
  const [median, worst] = [value.median, value.worst].map((each) => numberText(each, unit))
  return value.runs === 1 ? `${median}` : `${median} (${worst})`
}

function numberText(value: number, unit: ComparisonRow['unit']): string {
  if (Number.isInteger(value)) return String(value)
  return value.toFixed(unit === 'MB' || unit === 'ms' ? 0 : 1)
}
