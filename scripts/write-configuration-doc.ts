/** `npm run docs`: writes docs/configuration.md anew. */

import { writeFileSync } from 'node:fs'
import { renderConfigurationDoc } from './configuration-doc.ts'

const FILE = new URL('../docs/configuration.md', import.meta.url)

writeFileSync(FILE, await renderConfigurationDoc())
