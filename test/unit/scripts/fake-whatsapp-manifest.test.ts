import { describe, expect, it } from 'vitest'
import { importedPackages, libraryManifest } from '../../../scripts/fake-whatsapp-manifest.ts'

const project = {
  name: 'blacksky-md',
  version: '1.2.3',
  license: 'GPL-3.0-or-later',
  dependencies: { '@whiskeysockets/baileys': '7.0.0-rc14', pg: '8.0.0', ws: '8.1.0' },
  devDependencies: { selfsigned: '5.0.0', vitest: '5.0.0' },
}

describe("the library's package.json", () => {
  it('names what the library imports and nothing else, with Baileys as a peer', () => {
    const imported = new Set(['ws', '@whiskeysockets/baileys', 'selfsigned'])
    expect(libraryManifest(project, imported)).toMatchObject({
      name: 'blacksky-md',
      version: '1.2.3',
      dependencies: { selfsigned: '5.0.0', ws: '8.1.0' },
      peerDependencies: { '@whiskeysockets/baileys': '7.0.0-rc14' },
    })
    expect(JSON.stringify(libraryManifest(project, imported))).not.toContain('pg')
  })

  it('cannot be made when an import is named nowhere', () => {
    expect(() => libraryManifest(project, new Set(['left-pad']))).toThrow('imports left-pad')
  })
})

describe('the packages of a compiled file', () => {
  it.each([
    ["import { a } from 'ws';", ['ws']],
    ["import 'ws/deep/file.js'", ['ws']],
    ["export * from '@whiskeysockets/baileys/lib/Utils/index.js'", ['@whiskeysockets/baileys']],
    ["const { generate } = await import('selfsigned')", ['selfsigned']],
    ["import { b } from './b.js'\nimport fs from 'node:fs'\nimport net from 'net'", []],
    ["import {\n  a,\n} from 'ws'", ['ws']],
    ["export const LOOPBACK = '127.0.0.1'", []],
    ["const where = find(all, 'from', `path`); const text = 'import'", []],
  ])('%s', (text, expected) => expect(importedPackages(text)).toEqual(expected))
})
