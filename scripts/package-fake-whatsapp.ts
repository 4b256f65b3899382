/** Part of `npm run build:fake-whatsapp`: makes a package of its own of the compiled library. */

import { chmodSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importedPackages, libraryManifest } from './fake-whatsapp-manifest.ts'
import type { ProjectManifest } from './fake-whatsapp-manifest.ts'

const ROOT = join(import.meta.dirname, '..')
const LIBRARY = join(ROOT, 'dist', 'fake-whatsapp')

const project = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as ProjectManifest
const imported = readdirSync(LIBRARY, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.js'))
  .flatMap((name) => importedPackages(readFileSync(join(LIBRARY, name), 'utf8')))

const manifest = libraryManifest(project, new Set(imported))
writeFileSync(join(LIBRARY, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
cpSync(join(ROOT, 'LICENSE'), join(LIBRARY, 'LICENSE'))
// Beside each other, as their links to one another want it.
for (const name of [
  'bounds.md',
  'fake-whatsapp-admin.md',
  'fake-whatsapp-faults.md',
  'fake-whatsapp-fidelity.md',
]) {
  cpSync(join(ROOT, 'docs', name), join(LIBRARY, name))
}
cpSync(join(ROOT, 'docs', 'testing-your-own-bot.md'), join(LIBRARY, 'README.md'))
chmodSync(join(LIBRARY, 'sim', 'whatsapp', 'main.js'), 0o755)
