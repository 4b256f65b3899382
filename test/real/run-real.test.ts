/**
 * The lab's real level by itself: a sound run holds, and each of a few faults and lies is found. The scenarios of the
 * level have runs of their own, in CI and by hand; they last too long for this place. They mostly wait, so these wait
 * beside each other, each on a database of its own.
 */

import { afterAll, describe, expect, it } from 'vitest'
import { SHORT_WAITS } from '../../scenarios/support.ts'
import { runReal } from '../../sim/real/run-real.ts'
import { ourBot } from '../../sim/targets/real/our-bot.ts'
import { defineRealScenario } from '../../sim/scenario.ts'
import type { RealScenarioInput, Scenario } from '../../sim/scenario.ts'
import type { RealTarget } from '../../sim/targets/real/real-target.ts'
import { openVirtualDatabase } from '../../sim/world/virtual-database.ts'
import type { RunResult } from '../../sim/world/run-result.ts'
import { COMPILE_CACHE } from '../support/compile-cache.ts'
import { testDatabase } from '../support/database.ts'
import { leftFolders, leftProcesses } from './sim-bench.ts'

const TIMEOUT_MS = 90_000

/** From the sources: what is in `dist` may be of yesterday. They start slower and are otherwise the same. */
const SOURCES: RealTarget = {
  ...ourBot(),
  command: ourBot().command.map((word) => word.replace('dist/main.js', 'src/main.ts')),
  environment: (places) => ({ ...ourBot().environment(places), ...COMPILE_CACHE }),
}

function scenario(real: Partial<RealScenarioInput['real']>): Scenario {
  return defineRealScenario({
    id: 'dyno-restart/of-the-test',
    family: 'dyno-restart',
    proves: 'what the engine makes of it',
    real: {
      durationMs: 25_000,
      settings: SHORT_WAITS,
      messageEveryMs: 250,
      claims: {
        always: ['single-socket', 'backoff-law', 'session-integrity', 'answered-at-most-once', 'no-leaks'],
        // The machine may be busy: speed is not what is tested here.
        eventually: [{ claim: 'all-answered', withinMs: 18_000 }],
        sometimes: [{ event: 'wa.open' }],
      },
      ...real,
    },
  })
}

async function run(real: Partial<RealScenarioInput['real']>, target = SOURCES): Promise<RunResult> {
  const database = await openVirtualDatabase(await testDatabase())
  try {
    const request = { scenario: scenario(real), level: 'real', seed: 1, target: 'bot' } as const
    return await runReal(request, { database, target, keepLines: 2_000 })
  } finally {
    await database.close()
  }
}

function expectNothingLeft(): void {
  expect(leftProcesses()).toEqual([])
  expect(leftFolders()).toEqual([])
}

describe.concurrent('a run at the real level', () => {
  afterAll(expectNothingLeft)

  it(
    'holds for the bot, and says what it has not judged',
    async () => {
      const result = await run({ faults: [{ kind: 'dyno-restart', atMs: 5_000 }] })
      expect(result.violations).toEqual([])
      expect(result.verdict).toBe('holds')
      expect(result.notes).toEqual([
        expect.stringMatching(/^settings: SEND_GAP_MS=0 LEASE_DURATION_MS=4000 /),
        expect.stringMatching(/^session-integrity: judged in part/),
        expect.stringMatching(/^no-leaks: not judged/),
      ])
      const kinds = result.lines.map((line) => line.split(' ')[2])
      expect(kinds).toEqual(
        expect.arrayContaining(['process.started', 'wa.connect', 'wa.sent', 'dyno.sigterm']),
      )
    },
    TIMEOUT_MS,
  )

  it(
    'is vacuous when a fault never struck',
    async () => {
      const refusal = { kind: 'refuse-logins', how: 'status', atMs: 11_000, forMs: 1_000 } as const
      const claims = { always: ['single-socket' as const], eventually: [], sometimes: [] }
      const result = await run({ durationMs: 13_000, faults: [refusal], claims })
      expect(result).toMatchObject({ verdict: 'vacuous', violations: [{ claim: 'faults strike' }] })
    },
    TIMEOUT_MS,
  )

  it(
    'is broken by a claim that does not come true',
    async () => {
      const eventually = [{ claim: 'halted' as const, withinMs: 1_000 }]
      const claims = { always: ['single-socket' as const], eventually, sometimes: [] }
      const result = await run({ durationMs: 5_000, claims })
      expect(result).toMatchObject({ verdict: 'broken', violations: [{ claim: 'eventually halted' }] })
    },
    TIMEOUT_MS,
  )
})

describe('a run that is given up in the middle', () => {
  it(
    'leaves nothing behind',
    async () => {
      const failing = run(
        {
          faults: [{ kind: 'balloon', atMs: 1_000, shape: 'leak', memory: 'heap', toMb: 5, mbPerSecond: 5 }],
        },
        {
          ...SOURCES,
          environment: () => {
            throw new Error('the target cannot say where it lives')
          },
        },
      )
      await expect(failing).rejects.toThrow('cannot say where it lives')
      expectNothingLeft()
    },
    TIMEOUT_MS,
  )
})
