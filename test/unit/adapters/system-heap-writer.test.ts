import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
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
  const writer = new SystemHeapWriter({ parentFolder, dynoPid: process.pid })
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
  const writer = new SystemHeapWriter({ parentFolder: join(parentFolder, 'missing'), dynoPid: process.pid })
  expect(() => writer.write()).toThrow(/ENOENT/)
  expect(readdirSync(parentFolder)).toEqual([])
})

it('removes what dynos left behind that have ended, and nothing else', () => {
  const { pid: endedPid } = spawnSync('true')
  const kept = [`blacksky-heap-${process.ppid}-living`, 'blacksky-heap-old', 'another']
  for (const name of [`blacksky-heap-${endedPid}-ended`, ...kept])
    mkdirSync(join(parentFolder, name, 'x'), { recursive: true })
  new SystemHeapWriter({ parentFolder, dynoPid: process.pid }).write()
  const names = readdirSync(parentFolder).filter((name) => !name.startsWith(`blacksky-heap-${process.pid}-`))
  expect(names.toSorted()).toEqual(kept.toSorted())
})
