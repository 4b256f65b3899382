/** A table of text: aligned columns without frames, so that it can be read in CI logs and cut by tools. */

import Table from 'cli-table3'

const NO_FRAME = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

export type ColumnAlignment = 'left' | 'right'

/** @param columns title and alignment of each */
export function plainTable(
  columns: readonly (readonly [title: string, alignment: ColumnAlignment])[],
  rows: readonly (readonly string[])[],
): string {
  const table = new Table({
    head: columns.map(([title]) => title),
    colAligns: columns.map(([, alignment]) => alignment),
    chars: NO_FRAME,
    // Colours are ours to give: the table's own would ignore NO_COLOR.
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  })
  table.push(...rows.map((row) => [...row]))
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
  return `${lines.join('\n')}\n`
}
