/**
 * The package.json of the library `blacksky-md/fake-whatsapp`. Its dependencies are what its compiled files
 * import and nothing else, at the versions this project uses; so it cannot bring in the bot's database.
 */

import { isBuiltin } from 'node:module'

/** The part of the project's own package.json that the library's is made of. */
export interface ProjectManifest {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/** Comes from the user's own project, so that bot and server speak through one and the same Baileys. */
const PEER = '@whiskeysockets/baileys'
const ENTRY = './sim/whatsapp/fake-whatsapp'

/** @throws Error for an imported package that the project itself does not name */
export function libraryManifest(project: ProjectManifest, imported: ReadonlySet<string>): object {
  const versionOf = (name: string): string => {
    const version = project.dependencies[name] ?? project.devDependencies[name]
    if (version === undefined)
      throw new Error(`the library imports ${name}, which package.json does not name`)
    return version
  }
  const names = [...imported].filter((name) => name !== PEER).toSorted()
  return {
    name: project.name,
    version: project.version,
    description: 'A fake WhatsApp that unmodified Baileys connects to: for tests of WhatsApp bots',
    license: project.license,
    type: 'module',
    // The first that lets a program trust a certificate while it runs.
    engines: { node: '>=24.5' },
    exports: { './fake-whatsapp': { types: `${ENTRY}.d.ts`, default: `${ENTRY}.js` } },
    bin: { 'fake-whatsapp': './sim/whatsapp/main.js' },
    dependencies: Object.fromEntries(names.map((name) => [name, versionOf(name)])),
    peerDependencies: { [PEER]: versionOf(PEER) },
  }
}

/** The packages that a compiled file needs at run time; Node's own modules and relative paths left out. */
export function importedPackages(text: string): string[] {
  const specifier = String.raw`['"]([\w@.][\w@./:-]*)['"]`
  const statement = String.raw`^(?:import|export)\s(?:[\w*{},\s$]+\sfrom\s)?${specifier}`
  const pattern = new RegExp(String.raw`${statement}|\bimport\(${specifier}\)`, 'gm')
  return [...text.matchAll(pattern)]
    .map((match) => match[1] ?? match[2] ?? '')
    .filter((name) => !name.startsWith('.') && !isBuiltin(name))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    )
}
