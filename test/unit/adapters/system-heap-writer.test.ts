import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { SystemHeapWriter } from '../../../src/adapters/system-heap-writer.ts'

let parentFolder: string
beforeEach(() => {
  parentFolder = mkdtempSync(join(tmpdir(), 'heap-writer-test-'))
})
afterEach(() => rmSync(parentFolder, { recursive: true, force: true }))

it('writes a heap that a debugger reads, for its owner alone, and keeps only the newest', () => {
  const writer = new SystemHeapWriter({ parentFolder })
  const first = writer.write()
  const second = writer.write()
  expect(second.path).not.toBe(first.path)
  const [folder = ''] = readdirSync(parentFolder)
  expect(readdirSync(join(parentFolder, folder)).map((name) => join(parentFolder, folder, name))).toEqual([
    second.path,
  ])
  expect(statSync(join(parentFolder, folder)).mode & 0o077).toBe(0)
  expect(second.bytes).toBe(statSync(second.path).size)
  expect(readFileSync(second.path, 'utf8').slice(0, 12)).toBe('{"snapshot":')
})

it('throws where it cannot write, and leaves nothing behind', () => {
  const writer = new SystemHeapWriter({ parentFolder: join(parentFolder, 'missing') })
  expect(() => writer.write()).toThrow(/ENOENT/)
  expect(readdirSync(parentFolder)).toEqual([])
})
