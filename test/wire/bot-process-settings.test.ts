/** The bot process with settings that it cannot use: what it says, and how it ends. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const BOT_MAIN = join(import.meta.dirname, '../../src/bot-main.ts')

function runBot(env: Record<string, string>): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BOT_MAIN], { env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

describe('the bot process', () => {
  it('names every setting that is wrong, at once, and ends with a code of its own', () => {
    const { status, stdout, stderr } = runBot({
      WHATSAPP_URL: 'wss://whatsapp.evil.example/ws',
      LEASE_MARGIN_MS: 'soon',
    })
    expect(status).toBe(78)
    expect(stdout).toBe('')
    expect(stderr.split('\n').filter((line) => line.startsWith('  '))).toEqual([
      expect.stringMatching(/WHATSAPP_URL .* Set WHATSAPP_URL to a URL: .*127\.0\.0\.1/),
      expect.stringMatching(/LEASE_MARGIN_MS .* is no whole number/),
      expect.stringMatching(/DATABASE_URL is missing/),
    ])
  })
})
