/**
 * A checker earns trust by failing once: for every `always` claim there is a bot that is wrong in one place
 * and breaks that claim in a scenario which the sound bot holds. The bots are the sound one behind wrapped
 * ports or settings, so that nothing else about them differs.
 */

import { describe, expect, it } from 'vitest'
import { scenarios } from '../../scenarios/index.ts'
import { ALWAYS_CLAIMS } from '../../sim/checkers/claim.ts'
import type { AlwaysClaim } from '../../sim/checkers/claim.ts'
import { defineScenario } from '../../sim/scenario.ts'
import type { Scenario } from '../../sim/scenario.ts'
import { brokenBots } from '../../sim/targets/broken.ts'
import type { Target } from '../../sim/targets/target.ts'
import { runScenario } from '../../sim/world/run.ts'
import type { RunResult } from '../../sim/world/run-result.ts'

const MINUTE_MS = 60_000

function run(scenario: Scenario, target?: Target, name: 'bot' | 'before' = 'bot'): Promise<RunResult> {
  const environment = { database: undefined, keepLines: 0, ...(target === undefined ? {} : { target }) }
  return runScenario({ scenario, level: 'model', seed: 1, target: name }, environment)
}

function scenarioOf(id: string): Scenario {
  const found = scenarios.find((scenario) => scenario.id === id)
  if (found === undefined) throw new Error(`no scenario ${id}`)
  return found
}

function claimsBroken(result: RunResult): string[] {
  return [...new Set(result.violations.map(({ claim }) => claim))]
}

describe('a bot broken on purpose', () => {
  it.each(brokenBots)('$target.name breaks $breaks in $scenario', async ({ target, breaks, scenario }) => {
    expect((await run(scenarioOf(scenario))).verdict).toBe('holds')
    const result = await run(scenarioOf(scenario), target)
    expect(result.verdict).toBe('broken')
    expect(claimsBroken(result)).toContain(breaks)
  })

  it('exists for every always claim', () => {
    const covered = new Set<string>(brokenBots.map(({ breaks }) => breaks))
    expect(ALWAYS_CLAIMS.filter((claim: AlwaysClaim) => !covered.has(claim))).toEqual([])
  })

  it('exists for every eventually claim', () => {
    const covered = new Set<string>(brokenBots.map(({ breaks }) => breaks))
    const claims = ['eventually connected', 'eventually all-answered', 'eventually halted']
    expect(claims.filter((claim) => !covered.has(claim))).toEqual([])
  })
})

describe('the bot of before', () => {
  it('breaks what it is known for', async () => {
    const unlinked = await run(scenarioOf('disconnect-storm/logged-out-401'), undefined, 'before')
    const broken = ['single-socket', 'attempts-in-budget', 'backoff-law', 'terminal-is-final']
    expect(claimsBroken(unlinked)).toEqual(expect.arrayContaining(broken))
    const restarted = await run(scenarioOf('postgres/connections-exhausted'), undefined, 'before')
    expect(claimsBroken(restarted)).toContain('session-integrity')
  })
})

describe('a run that proves nothing', () => {
  const quiet = {
    id: 'postgres/quiet',
    family: 'postgres',
    proves: 'nothing, on purpose',
    durationMs: 5 * MINUTE_MS,
  } as const

  it('is vacuous when a sometimes claim is never seen', async () => {
    const claims = { always: ['single-socket' as const], sometimes: [{ event: 'wa.paired' }] }
    const result = await run(defineScenario({ ...quiet, claims }))
    expect([result.verdict, claimsBroken(result)]).toEqual(['vacuous', ['sometimes wa.paired']])
  })

  it('is vacuous when a fault never strikes', async () => {
    const result = await run(
      defineScenario({
        ...quiet,
        faults: [{ kind: 'refuse-logins', atMs: 2 * MINUTE_MS, forMs: MINUTE_MS, how: 'tcp' }],
        claims: { always: ['single-socket'] },
      }),
    )
    expect([result.verdict, claimsBroken(result)]).toEqual(['vacuous', ['faults strike']])
  })
})

describe('a process that misbehaves', () => {
  it('fails the run when it throws what nobody catches', async () => {
    const target: Target = {
      name: 'rejecting',
      hasSupervisor: true,
      adapter: 'sound',
      start: (context) => {
        context.bindPort()
        context.ports.clock.setTimer('bug', 1_000, () => {
          throw new Error('nobody caught this')
        })
        return { terminate: () => context.ports.exit.exit('stopped') }
      },
    }
    const result = await run(scenarioOf('dyno-restart/daily-cycle'), target)
    expect(claimsBroken(result)).toContain('sound-process')
  })
})
