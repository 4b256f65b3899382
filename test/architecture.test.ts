/**
 * The house rules that a reviewer would otherwise have to remember: who may import whom, and that bot logic
 * and the virtual world take time, chance and the environment from ports only. ARCHITECTURE.md explains them.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const LOGIC = ['connection', 'session', 'messages', 'memory', 'health', 'plugins', 'startup', 'supervisor']
/** Files beside the folders of src that every folder may use: they know nothing but ports. */
const SHARED = ['src/errors.ts', 'src/timing.ts', 'src/backoff.ts']
/** Node modules that neither tell the time nor touch the outside. */
const PURE_NODE_MODULES = ['node:assert', 'node:assert/strict', 'node:buffer', 'node:crypto']
/** Types that the parts around the bot know it by. */
const SHARED_TYPES = ['src/bot-status.ts']
/** A web server is what src/health is for; what it decides is still pure, and in files without these. */
const HEALTH_PACKAGES = ['node:http', 'express', 'express-rate-limit', 'helmet', 'prom-client', 'qrcode']

interface Import {
  readonly file: string
  /** Repository path for our own files, otherwise the module's name. */
  readonly target: string
  readonly isTypeOnly: boolean
}

/** Every breach of the import table, as `file -> target`; empty when the house is in order. */
export function importBreaches(imports: readonly Import[]): string[] {
  return imports.filter((each) => !mayImport(each)).map((each) => `${each.file} -> ${each.target}`)
}

function mayImport({ file, target, isTypeOnly }: Import): boolean {
  const [top = '', folder = ''] = file.split('/')
  const [targetTop = '', targetFolder = ''] = target.split('/')
  if (top === 'src') {
    if (['sim', 'scenarios', 'test', 'bench'].includes(targetTop)) return false
    if (folder === 'ports') return targetTop === 'src' && targetFolder === 'ports'
    if (LOGIC.includes(folder)) {
      if (folder === 'health' && HEALTH_PACKAGES.includes(target)) return true
      if (targetTop !== 'src') return PURE_NODE_MODULES.includes(target)
      if (isTypeOnly && SHARED_TYPES.includes(target)) return true
      if (targetFolder === folder || targetFolder === 'ports' || SHARED.includes(target)) return true
      return LOGIC.includes(targetFolder) && isTypeOnly
    }
    if (folder === 'adapters' && targetTop === 'src') {
      return targetFolder === 'adapters' || targetFolder === 'ports' || SHARED.includes(target)
    }
    if (SHARED.includes(file)) return targetFolder === 'ports' || SHARED.includes(target)
    return true
  }
  if (top === 'sim') {
    if (target === 'src/main.ts' || target === 'src/bot-main.ts') return false
    if (['test', 'bench'].includes(targetTop)) return false
    if (target.startsWith('src/adapters/'))
      return ['postgres', 'whatsapp', 'cli'].includes(folder) || file === 'sim/world/virtual-database.ts'
    return true
  }
  if (top === 'scenarios') return ['scenarios', 'sim'].includes(targetTop)
  return true
}

const BANNED =
  /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|setTimeout|setInterval|setImmediate|process\.(env|hrtime|on|exit|nextTick|memoryUsage)|randomUUID|randomBytes|AbortSignal\.timeout|crypto\.subtle)\b/

/** Lines of bot logic or of the virtual world that reach past the ports. */
export function directUses(file: string, text: string): string[] {
  return withoutComments(text)
    .split('\n')
    .flatMap((line, index) => (BANNED.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []))
}

/** Drains promise chains; watches for rejections; guards the real clock; names sessions on a shared server. */
const REAL_WORLD_SEAMS = ['scheduler', 'run', 'tripwire', 'virtual-database'].map(
  (name) => `sim/world/${name}.ts`,
)

/** Parts of the real level that live beside their model: real processes, real time. */
const REAL_LEVEL = ['sim/dyno/real/', 'sim/balloon/agent/', 'sim/targets/real/']

function mustUsePorts(file: string): boolean {
  const [top = '', folder = ''] = file.split('/')
  if (top === 'src') return folder !== 'adapters' && !/^(\w+-)?main\.ts$/.test(folder)
  if (REAL_LEVEL.some((path) => file.startsWith(path))) return false
  if (REAL_WORLD_SEAMS.includes(file)) return false
  return (
    top === 'sim' &&
    ['world', 'fakes', 'dyno', 'balloon', 'faults', 'checkers', 'targets', 'assertions'].includes(folder)
  )
}

const files = ['src', 'sim', 'scenarios'].flatMap((folder) => sourceFiles(join(ROOT, folder)))

describe('the import table', () => {
  it('is kept by every file', () => {
    expect(importBreaches(files.flatMap((file) => importsOf(file, read(file))))).toEqual([])
  })

  it.each([
    ['src/memory/a.ts', "import { x } from '../session/lease.ts'"],
    ['src/memory/a.ts', "import pg from 'pg'"],
    ['src/memory/a.ts', "import express from 'express'"],
    ['src/health/a.ts', "import pg from 'pg'"],
    ['src/health/a.ts', "import { x } from '../bot-status.ts'"],
    ['src/ports/a.ts', "import { AppError } from '../errors.ts'"],
    ['src/adapters/a.ts', "import { parseConfig } from '../config.ts'"],
    ['src/bot.ts', "import { x } from '../sim/scenario.ts'"],
    ['sim/world/a.ts', "import { x } from '../../src/adapters/system-clock.ts'"],
    ['sim/targets/a.ts', "import { x } from '../../src/main.ts'"],
    ['scenarios/a.ts', "import { x } from '../src/config.ts'"],
  ])('finds the breach in %s: %s', (file, text) => {
    expect(importBreaches(importsOf(file, text))).toHaveLength(1)
  })

  it('lets bot logic know the types of its neighbours', () => {
    expect(
      importBreaches(importsOf('src/memory/a.ts', "import type { Lease } from '../session/lease.ts'")),
    ).toEqual([])
  })
})

/** Packages that a file loads when it runs, by itself or through what it imports; types load nothing. */
export function packagesLoaded(
  entry: string,
  importsOfFile: (file: string) => readonly Import[],
): Set<string> {
  const packages = new Set<string>()
  const seen = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const { target, isTypeOnly } of importsOfFile(file)) {
      if (isTypeOnly) continue
      if (target.startsWith('src/')) visit(target)
      else packages.add(target)
    }
  }
  visit(entry)
  return packages
}

const loadedBy = (entry: string): Set<string> => packagesLoaded(entry, (file) => importsOf(file, read(file)))

describe('the supervisor', () => {
  it('loads neither WhatsApp nor the database: it must stay small and start at once', () => {
    const packages = loadedBy('src/main.ts')
    const heavy = ['@whiskeysockets/baileys', 'libsignal', 'pg', 'node-pg-migrate', 'ws', 'zod']
    expect(heavy.filter((name) => packages.has(name))).toEqual([])
    expect(packages).toContain('express')
  })

  it('takes no module that loads an HTTP client with it: src/health/node-http.ts says why', () => {
    const withUndici = ['node:http', 'node:https', 'undici']
    expect(withUndici.filter((name) => loadedBy('src/main.ts').has(name))).toEqual([])
  })

  it('would be found out: the bot process loads both', () => {
    const packages = loadedBy('src/bot-main.ts')
    expect([...packages]).toEqual(expect.arrayContaining(['@whiskeysockets/baileys', 'pg']))
  })
})

describe('time, chance and the environment', () => {
  it('reach bot logic and the virtual world through ports only', () => {
    expect(files.filter(mustUsePorts).flatMap((file) => directUses(file, read(file)))).toEqual([])
  })

  it.each([
    'const at = Date.now()',
    'setTimeout(() => 1, 5)',
    'Math.random()',
    'process.env.PORT',
    'randomUUID()',
  ])('finds a direct use: %s', (line) => expect(directUses('src/memory/a.ts', line)).toHaveLength(1))

  it('passes over comments', () => {
    expect(directUses('src/memory/a.ts', '/** never Date.now() */ const a = 1 // Math.random()')).toEqual([])
  })
})

describe('the size of files', () => {
  it('stays within 250 lines', () => {
    expect(
      files
        .map((file) => [file, read(file).split('\n').length - 1] as const)
        .filter(([, lines]) => lines > 250),
    ).toEqual([])
  })
})

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => relative(ROOT, join(folder, name)))
    .toSorted()
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

function importsOf(file: string, text: string): Import[] {
  const pattern =
    /^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm
  return [...text.matchAll(pattern)].map((match) => {
    const name = match[2] ?? match[3] ?? ''
    const target = name.startsWith('.') ? normalize(join(dirname(file), name)) : name
    return { file, target, isTypeOnly: match[1] !== undefined }
  })
}

function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|\s)\/\/.*$/gm, '')
}
