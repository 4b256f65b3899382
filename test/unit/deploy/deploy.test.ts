/** What a platform needs to build and run the bot: files that agree with each other and with the code. */

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ignoredPaths, procfileCommand } from '../../../scripts/slug-size.ts'
import { SETTINGS } from '../../../src/config-settings.ts'
import { parseConfig } from '../../../src/config.ts'

const ROOT = join(import.meta.dirname, '../../..')
const MANIFEST: {
  readonly engines: Record<string, string>
  readonly scripts: Record<string, string>
  readonly dependencies: Record<string, string>
  readonly devDependencies: Record<string, string>
} = JSON.parse(read('package.json'))
const APP: {
  readonly formation: Record<string, { readonly quantity: number; readonly size: string }>
  readonly addons: readonly { readonly plan: string }[]
  readonly env: Record<
    string,
    { readonly generator?: string; readonly required?: boolean; readonly value?: string }
  >
} = JSON.parse(read('app.json'))

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Names of the packages that the text imports; of type imports nothing is left at run time. */
export function importedPackages(text: string): string[] {
  const statements =
    /^(?:import|export)\s+(?!type\b)(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/gm
  return [...text.matchAll(statements)]
    .map((match) => match[1] ?? match[2] ?? '')
    .filter((name) => !name.startsWith('.') && !isBuiltin(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'))
}

describe('production', () => {
  it('imports nothing that pruning takes away', () => {
    const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    const imported = files
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => importedPackages(read(`src/${file}`)).map((name) => `${file}: ${name}`))
    expect(imported.length).toBeGreaterThan(10)
    const missing = imported.filter((each) => !(each.replace(/.*: /, '') in MANIFEST.dependencies))
    expect(missing).toEqual([])
  })

  it.each([
    ["import pg from 'pg'", ['pg']],
    ["import { a } from '@scope/name/deep.js'", ['@scope/name']],
    ["const { b } = await import('late')", ['late']],
    ["import 'effect'", ['effect']],
    ["import type { T } from 'types-only'", []],
    ["import { createServer } from 'node:http'\nimport { x } from './mine.ts'", []],
  ])('is read right: %s', (text, names) => expect(importedPackages(text)).toEqual(names))

  it('is pinned to one major version of Node, the one that development uses', () => {
    expect(MANIFEST.engines['node']).toBe('24.x')
    expect(MANIFEST.devDependencies['node']).toMatch(/^24\./)
  })

  it('is started by what the build makes', () => {
    const command = procfileCommand(read('Procfile'), 'web') ?? ''
    const built = /dist\/(\S+)\.js$/.exec(command)?.[1]
    expect(existsSync(join(ROOT, `src/${built}.ts`))).toBe(true)
    expect(read('Dockerfile')).toContain(`CMD ${JSON.stringify(command.split(' ')).replaceAll(',', ', ')}`)
  })

  it('is built by what the slug still has', () => {
    const ignored = ignoredPaths(read('.slugignore'))
    expect(ignored.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    expect(MANIFEST.scripts['heroku-postbuild']).toBe('npm run build:bot')
    const needed = MANIFEST.scripts['build:bot']?.match(/[\w.-]+\/[\w./-]+|tsconfig[\w.]+/g) ?? []
    expect(needed.toSorted()).toEqual(['scripts/copy-migrations.ts', 'tsconfig.build.json'])
    expect(needed.filter((path) => ignored.includes(path.split('/')[0] ?? ''))).toEqual([])
  })
})

describe('the deploy button', () => {
  it('makes one Basic web dyno and the smallest Postgres', () => {
    expect(APP.formation).toEqual({ web: { quantity: 1, size: 'basic' } })
    expect(APP.addons).toEqual([{ plan: 'heroku-postgresql:essential-0' }])
  })

  it('sets only settings that exist, and asks for one of them beside the app’s name', () => {
    const names = Object.values(SETTINGS).map(({ facts }) => facts.name)
    expect(Object.keys(APP.env).filter((name) => !names.includes(name))).toEqual([])
    const asked = Object.entries(APP.env).filter(([, spec]) => spec.generator === undefined)
    expect(asked).toEqual([['PAIRING_PHONE_NUMBER', expect.objectContaining({ required: false })]])
  })

  it('generates secrets that the settings accept: 64 hexadecimal digits', () => {
    const generated = Object.entries(APP.env).filter(([, { generator }]) => generator === 'secret')
    const env = Object.fromEntries(generated.map(([name]) => [name, '0123456789abcdef'.repeat(4)]))
    expect(Object.keys(env)).toEqual(['ADMIN_TOKEN', 'SESSION_ENCRYPTION_KEY'])
    expect(parseConfig({ DATABASE_URL: 'postgres://a:b@c/d', ...env }).ok).toBe(true)
  })
})
