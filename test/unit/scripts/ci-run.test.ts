import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')

it('.ci/run names test files that are there: vitest passes over one that is not, without a word', () => {
  const named = readFileSync(join(ROOT, '.ci/run'), 'utf8').match(/\btest\/[\w/.-]+/g) ?? []
  expect(named.length).toBeGreaterThan(4)
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})
