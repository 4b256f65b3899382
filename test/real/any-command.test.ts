/**
 * Anybody's bot through the engine of the real level: judged by what is seen of it, and where it does not even come to
 * WhatsApp, an error that says why. Nothing is left of any of them.
 */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SHORT_WAITS } from '../../scenarios/support.ts'
import { runReal } from '../../sim/real/run-real.ts'
import { defineRealScenario } from '../../sim/scenario.ts'
import type { RealScenarioInput } from '../../sim/scenario.ts'
import { targetOfCommand } from '../../sim/targets/real/target-of-command.ts'
import { openVirtualDatabase } from '../../sim/world/virtual-database.ts'
import type { RunResult } from '../../sim/world/run-result.ts'
import { testDatabase } from '../support/database.ts'
import { leftFolders, leftProcesses } from './sim-bench.ts'

const TIMEOUT_MS = 90_000
const BOT = `${import.meta.dirname}/foreign-bots/web-bot.mjs`

const RESTART: RealScenarioInput['real'] = {
  durationMs: 10_000,
  settings: SHORT_WAITS,
  messageEveryMs: 400,
  faults: [{ kind: 'dyno-restart', atMs: 2_000 }],
  claims: {
    always: ['single-socket', 'session-integrity', 'hangs-ended'],
    eventually: [{ claim: 'all-answered', withinMs: 8_000 }],
    sometimes: [{ event: 'wa.open' }],
  },
}

describe.concurrent('any command at the real level', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'any-command-'))
  })
  // When all have ended, because they wait beside each other.
  afterAll(async () => {
    await rm(folder, { recursive: true })
    assert.deepEqual([...leftProcesses(), ...leftFolders()], [])
  })

  async function run(command: string): Promise<RunResult> {
    const scenario = defineRealScenario({
      id: 'dyno-restart/of-a-command',
      family: 'dyno-restart',
      proves: 'what the engine makes of a command',
      real: RESTART,
    })
    const target = targetOfCommand(command, { folder, path: process.env['PATH'] ?? '' })
    const database = await openVirtualDatabase(await testDatabase())
    try {
      const request = { scenario, level: 'real', seed: 1, target: command } as const
      return await runReal(request, { database, target, keepLines: 1_000 })
    } finally {
      await database.close()
    }
  }

  it(
    'is linked and judged by what is seen: a bot with files has lost its session after a restart',
    async () => {
      const result = await run(`node ${BOT} leaving`)
      expect(result.verdict).toBe('broken')
      expect(result.violations).toContainEqual(
        expect.objectContaining({
          claim: 'session-integrity',
          message: 'a QR is shown although a session exists',
        }),
      )
      expect(result.notes).toContainEqual(expect.stringMatching(/^hangs-ended: not judged/))
      expect(result.notes).toContainEqual(expect.stringContaining('left a process running'))
    },
    TIMEOUT_MS,
  )

  it.each([
    ['node not-there.mjs', /exited with status 1 .*Cannot find module/s],
    ['sleep 600', /^no connection to the fake WhatsApp was seen; and no Node process/],
  ])(
    'that does not come to WhatsApp is an error with its reason: %s',
    async (command, reason) => {
      await expect(run(command)).rejects.toThrow(reason)
    },
    TIMEOUT_MS,
  )
})
