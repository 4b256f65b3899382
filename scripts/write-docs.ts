/** `npm run docs`: writes docs/configuration.md and the measured figures of the other documents anew. */

import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { renderConfigurationDoc } from './configuration-doc.ts'
import { withComparison } from './comparison-table.ts'
import { withFigures } from './document-figures.ts'

const DOCS = new URL('../docs/', import.meta.url)
const PAGES = readdirSync(DOCS).filter((name) => name.endsWith('.md'))

writeFileSync(new URL('configuration.md', DOCS), await renderConfigurationDoc())
for (const name of [...PAGES, '../README.md']) {
  const page = new URL(name, DOCS)
  const text = readFileSync(page, 'utf8')
  const resultOf = (file: string): unknown =>
    JSON.parse(readFileSync(new URL(`results/${file}`, DOCS), 'utf8'))
  const written = withComparison(withFigures(text, resultOf), resultOf)
  if (written === text) continue
  const style = await resolveConfig(page)
  writeFileSync(page, await format(written, { ...style, parser: 'markdown' }))
}
