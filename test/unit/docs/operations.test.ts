/** docs/operations.md names whatever the bot can complain of: an event, a reason or a code that is not there. */

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HEALTH_REASONS } from '../../../src/health/health-report.ts'
import { DYNO_EXIT_STATUS, EXIT_STATUS } from '../../../src/ports/exit.ts'
import { STORE_RETRY_RULES } from '../../../src/session/store-retry.ts'

const ROOT = join(import.meta.dirname, '../../..')
const PAGE = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')
const NAMED = new Set([...PAGE.matchAll(/`([^`\s]+)`/g)].map(([, name]) => name))

/** Events that are logged as a warning or an error, as far as the text shows it. */
export function complaints(text: string): string[] {
  const direct = [...text.matchAll(/\b(?:warn|error)\(\s*'([a-z]+\.[a-z-]+)'/g)]
  const handedOn = [...text.matchAll(/'([a-z]+\.[a-z-]*(?:failed|lost|unproven|uncaught|unhandled))'/g)]
  return [...direct, ...handedOn].map(([, event = '']) => event)
}

function sources(): string[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
}

describe('the page of operations', () => {
  it('names every warning and error of the log', () => {
    const events = sources().flatMap((file) => complaints(readFileSync(join(ROOT, 'src', file), 'utf8')))
    expect(events.length).toBeGreaterThan(40)
    expect([...new Set(events)].filter((event) => !NAMED.has(event))).toEqual([])
  })

  it('names every reason of /health and every code of the database', () => {
    expect([...HEALTH_REASONS, ...Object.keys(STORE_RETRY_RULES)].filter((name) => !NAMED.has(name))).toEqual(
      [],
    )
  })

  it('names every exit code', () => {
    const rows = [...PAGE.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code))
    expect(Object.values(DYNO_EXIT_STATUS).filter((code) => !rows.includes(code))).toEqual([])
    for (const code of Object.values(EXIT_STATUS))
      expect(PAGE).toMatch(new RegExp(`bot process inside it:[^.]*\\b${code} `))
  })

  it('is compared with what the code really says', () => {
    const text = "logger.warn('a.b-c'); log.error(\n 'd.e', {}); this.#note('f.g-failed'); logger.info('h.i')"
    expect(complaints(text)).toEqual(['a.b-c', 'd.e', 'f.g-failed'])
  })
})
