import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeAtomically } from '../../../sim/cli/write-atomically.ts'
import { temporaryFolder } from './support/stand-in-lab.ts'

it('makes folders, replaces what was there, and leaves nothing beside it', () => {
  const folder = join(temporaryFolder(), 'a', 'b')
  writeAtomically(join(folder, 'x.json'), 'old')
  writeAtomically(join(folder, 'x.json'), 'new')
  expect(readdirSync(folder)).toEqual(['x.json'])
  expect(readFileSync(join(folder, 'x.json'), 'utf8')).toBe('new')
})

it('leaves nothing half-written when it fails', () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'x.json', 'inside'), { recursive: true })
  expect(() => writeAtomically(join(folder, 'x.json'), 'new')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
  expect(readdirSync(folder)).toEqual(['x.json'])
})
