/** `npm run memory` as a user would run it. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ENTRY = join(import.meta.dirname, '../../src/memory-main.ts')

function memory(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const ended = spawnSync(process.execPath, [ENTRY, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { status: ended.status, out: ended.stdout, err: ended.stderr }
}

describe('npm run memory', () => {
  it('shows each process of a tree and their sum beside the quota', () => {
    const { status, out } = memory([String(process.pid)], { MEMORY_QUOTA_MB: '512' })
    expect(status).toBe(0)
    expect(out).toMatch(new RegExp(`^ *${process.pid} +[\\d.]+ MB  rss +[\\d.]+ MB`, 'm'))
    expect(out).toMatch(
      /^used: [\d.]+ MB of 512\.0 MB, [\d.]+ % \(measured by (pss|rss-anon|rss), \d+ processes\)$/m,
    )
  })

  it('takes the quota from where the bot would, whatever else the variables hold', () => {
    const { out } = memory([String(process.pid)], { MEMORY_QUOTA_MB: 'much', MEMORY_AVAILABLE: '256' })
    // Below it only where this machine's own limit is.
    expect(Number(/ of ([\d.]+) MB/.exec(out)?.[1])).toBeLessThanOrEqual(256)
  })

  it.each(['0', 'bot', '999999999'])('refuses %s in one line', (pid) => {
    const { status, out, err } = memory([pid])
    expect([status, out]).toEqual([2, ''])
    expect(err).toMatch(/^npm run memory: there is no readable process .*\n$/)
  })
})
