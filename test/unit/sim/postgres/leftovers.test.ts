import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FOLDER_PREFIX, sweepFolders, WORKER_FOLDER_PREFIX } from '../../../../sim/postgres/leftovers.ts'

/** Above Linux's largest pid, 4194304. */
const DEAD_PID = 5_000_000
const TWO_DAYS_MS = 2 * 24 * 3_600_000
let parent: string

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'leftovers-test-'))
})
afterEach(() => rmSync(parent, { recursive: true }))

function folder(name: string): string {
  const path = join(parent, name)
  mkdirSync(path)
  return path
}

it.each([
  ['server', FOLDER_PREFIX],
  ['worker', WORKER_FOLDER_PREFIX],
])('removes the folder of a dead %s after a day, and nothing else', (_, prefix) => {
  const dead = folder(`${prefix}${DEAD_PID}-abc`)
  const alive = folder(`${prefix}${process.pid}-abc`)
  const foreign = folder('something-else')
  sweepFolders(parent, Date.now())
  expect(existsSync(dead)).toBe(true)
  sweepFolders(parent, Date.now() + TWO_DAYS_MS)
  expect([dead, alive, foreign].map((path) => existsSync(path))).toEqual([false, true, true])
})
