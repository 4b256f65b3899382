/** Part of `npm run build`: puts the SQL migrations beside the compiled adapter, where it looks for them. */

import { cpSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const from = fileURLToPath(new URL('../src/adapters/migrations', import.meta.url))
const to = fileURLToPath(new URL('../dist/adapters/migrations', import.meta.url))
cpSync(from, to, { recursive: true })
