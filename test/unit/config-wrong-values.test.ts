/**
 * Every setting wrong in turn, drawn from the table of settings itself: what is refused names the setting, says what
 * it may be, shows no secret, and keeps no other setting from being read.
 */

import { describe, expect, it } from 'vitest'
import type { SettingFacts } from '../../src/config-setting.ts'
import { SETTINGS } from '../../src/config-settings.ts'
import { parseConfig } from '../../src/config.ts'

const DATABASE_URL = 'postgres://anna:hush-hush@db.example:5432/bot'
const ALL = Object.values(SETTINGS).map(({ facts }) => facts)
/** Set by the platform: what cannot be used counts as not set, or any value will do. */
const LENIENT = ['MEMORY_AVAILABLE', 'DYNO']

/** Values that a setting of this kind must refuse. */
function wrongValues(facts: SettingFacts): string[] {
  switch (facts.type) {
    case 'whole number': {
      const [min = 0, max = 0] = facts.range.split(' to ').map(Number)
      return ['many', '1.5', '1e3', '0x10', 'NaN', `${min - 1}`, `${max + 1}`, '9'.repeat(40)]
    }
    case 'yes or no':
      return ['maybe', '2', 'on']
    case 'one of':
      return ['none of them', facts.range]
    case 'URL':
      return ['hush-hush', 'mysql://hush-hush@db/bot', 'http://hush-hush.example', 'ws://hush-hush.example']
    case 'key':
      return ['hush-hush', 'ab'.repeat(31), 'zz'.repeat(32)]
    case 'text':
      // An export, or the path of one: nearly anything may be meant.
      if (facts.name === 'SESSION_IMPORT') return ['a\u0000b']
      return [' \u0000 ', 'two  words \n and a line', 'x'.repeat(10_000)]
    default:
      return facts.type satisfies never
  }
}

const STRICT = ALL.filter(({ name }) => !LENIENT.includes(name))
const CASES = STRICT.flatMap((facts) =>
  wrongValues(facts).map((value) => ({ facts, name: facts.name, value })),
)

describe('a setting that is wrong', () => {
  it('is tried for every setting there is', () => {
    expect(new Set(CASES.map(({ name }) => name)).size + LENIENT.length).toBe(ALL.length)
  })

  it.each(CASES)('is refused and named: $name=$value', ({ facts, name, value }) => {
    const result = parseConfig({ DATABASE_URL, [name]: value })
    const problems = result.ok ? [] : result.problems
    expect(problems.map(({ setting }) => setting)).toContain(name)
    const found = problems.find(({ setting }) => setting === name)
    expect(found?.remedy).toContain(name)
    expect(found?.remedy).toContain(facts.range)
    expect(`${found?.problem}${found?.remedy}`.length).toBeLessThan(500)
    expect(facts.isSecret && JSON.stringify(problems).includes('hush-hush')).toBe(false)
  })

  it.each(LENIENT)('and set by the platform keeps nothing from starting: %s', (name) => {
    expect(parseConfig({ DATABASE_URL, [name]: 'whatever it is' }).ok).toBe(true)
  })

  it('is one of many: all are reported at once', () => {
    const env = Object.fromEntries(STRICT.map((facts) => [facts.name, wrongValues(facts)[0]]))
    const result = parseConfig(env)
    expect(result.ok ? [] : result.problems.map(({ setting }) => setting)).toEqual(
      expect.arrayContaining(STRICT.map(({ name }) => name)),
    )
  })
})
