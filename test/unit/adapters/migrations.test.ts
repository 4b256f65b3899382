/**
 * What a migration may do, so that an update can be rolled back and old and new dyno can share the database:
 * all after the first one only add, and are named so; a release that must break this rule needs a plan first.
 */

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const FOLDER = join(import.meta.dirname, '../../../src/adapters/migrations')
const FILES = readdirSync(FOLDER).toSorted()

/** Statements that take something away or rewrite what an older release reads. */
export function breakingParts(sql: string): string[] {
  const [up = ''] = sql.split(/^-- *Down migration/im)
  const statements = up
    .replaceAll(/--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim().replaceAll(/\s+/g, ' '))
    .filter((statement) => statement !== '')
  return statements.filter((statement) => {
    if (/^CREATE (TABLE|INDEX|UNIQUE INDEX|FUNCTION)\b/i.test(statement)) return false
    if (!/^ALTER TABLE \S+ ADD COLUMN\b/i.test(statement)) return true
    return /\bNOT NULL\b/i.test(statement) && !/\bDEFAULT\b/i.test(statement)
  })
}

describe('migrations', () => {
  it('are numbered without gap', () => {
    expect(FILES.map((file) => Number(file.slice(0, 4)))).toEqual(FILES.map((_, index) => index + 1))
  })

  it.each(FILES.slice(1))('%s only adds, and says so in its name', (file) => {
    expect(file).toMatch(/^\d{4}_additive-[a-z0-9-]+\.sql$/)
    expect(breakingParts(readFileSync(join(FOLDER, file), 'utf8'))).toEqual([])
  })

  it.each([
    'DROP TABLE blacksky_keys',
    'ALTER TABLE blacksky_keys DROP COLUMN value',
    'ALTER TABLE blacksky_keys RENAME COLUMN value TO content',
    'ALTER TABLE blacksky_keys ALTER COLUMN value TYPE text',
    'ALTER TABLE blacksky_keys ADD COLUMN a text NOT NULL',
    'ALTER TABLE blacksky_keys ADD CONSTRAINT c CHECK (id > 1)',
    'UPDATE blacksky_keys SET value = NULL',
    'CREATE OR REPLACE FUNCTION f() RETURNS int AS x',
  ])('the rule finds %s', (sql) => expect(breakingParts(sql)).toHaveLength(1))
})
