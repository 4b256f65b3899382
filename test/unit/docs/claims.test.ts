/**
 * docs/claims.md shows each claim by something that exists: scenarios by their id, tests by path and, where one is
 * given, by title. The documents it speaks of link to nothing that is missing, and take figures from somewhere.
 */

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { absence } from './witness.ts'

const ROOT = join(import.meta.dirname, '../../..')

interface Claim {
  readonly number: string
  /** What is said to show it. */
  readonly witnesses: readonly string[]
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

export function claimsOf(page: string): Claim[] {
  const rows = page.split('\n').filter((line) => /^\| [A-Z]\d+ +\|/.test(line))
  return rows.map((row) => {
    const [, number = '', , ...rest] = row.split('|').map((cell) => cell.trim())
    const quoted = [...rest.join('|').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)
    return { number, witnesses: quoted.filter((text) => /^[\w-]+\//.test(text)) }
  })
}

describe('the claims', () => {
  const claims = claimsOf(read('docs/claims.md'))

  it('are numbered, each once', () => {
    expect(claims.length).toBeGreaterThanOrEqual(35)
    expect(new Set(claims.map(({ number }) => number)).size).toBe(claims.length)
  })

  it.each(claims)('$number is shown by something that exists', ({ witnesses }) => {
    expect(witnesses.length).toBeGreaterThan(0)
    expect(witnesses.map(absence).filter((reason) => reason !== undefined)).toEqual([])
  })

  it('are checked against what exists', () => {
    expect(absence('multi-day/seven-years')).toBe('multi-day/seven-years is no scenario')
    expect(absence('test/unit/none.test.ts')).toBe('test/unit/none.test.ts does not exist')
    expect(absence('test/unit/backoff.test.ts › flies')).toBe('test/unit/backoff.test.ts has no test "flies"')
    expect(claimsOf('| M1 | a claim | nothing at all |')).toEqual([{ number: 'M1', witnesses: [] }])
  })
})

describe('the documents', () => {
  const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))

  it.each([...pages.map((name) => `docs/${name}`), 'README.md'])('%s links only to what is there', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target = '']) => target)
    const local = links.filter((target) => !/^[a-z]+:/.test(target))
    expect(local.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([])
  })
})
