/**
 * A checker earns trust by failing once: for every rule of every claim there is a bot that is wrong in one
 * place and breaks just that, in a scenario which the sound bot holds. The bots are the sound one behind
 * wrapped ports or settings, so that nothing else about them differs.
 */

import { describe, expect, it } from 'vitest'
import { scenarios } from '../../scenarios/index.ts'
import { ALWAYS_CLAIMS } from '../../sim/checkers/claim.ts'
import { defineScenario } from '../../sim/scenario.ts'
import type { Scenario } from '../../sim/scenario.ts'
import { bot } from '../../sim/targets/bot.ts'
import { brokenBots } from '../../sim/targets/broken.ts'
import type { Target } from '../../sim/targets/target.ts'
import { runScenario } from '../../sim/world/run.ts'
import type { RunResult } from '../../sim/world/run-result.ts'

const MINUTE_MS = 60_000
const UNLINK_EARLY = { kind: 'unlink', atMs: 30_000, jitterMs: 0 } as const

function run(scenario: Scenario, target?: Target, name: 'bot' | 'before' = 'bot'): Promise<RunResult> {
  const environment = { database: undefined, keepLines: 0, ...(target === undefined ? {} : { target }) }
  return runScenario({ scenario, level: 'model', seed: 1, target: name }, environment)
}

function scenarioOf(id: string | Scenario): Scenario {
  if (typeof id !== 'string') return id
  const found = scenarios.find((scenario) => scenario.id === id)
  if (found === undefined) throw new Error(`no scenario ${id}`)
  return found
}

function claimsBroken(result: RunResult): string[] {
  return [...new Set(result.violations.map(({ claim }) => claim))]
}

/** The sound bot's verdict, once for each ground. */
const soundVerdicts = new Map<Scenario, Promise<RunResult>>()

function soundRun(scenario: Scenario): Promise<RunResult> {
  const known = soundVerdicts.get(scenario) ?? run(scenario)
  soundVerdicts.set(scenario, known)
  return known
}

describe('a bot broken on purpose', () => {
  it.each(brokenBots)('$target.name breaks only $breaks', async ({ target, breaks, says, scenario }) => {
    const ground = scenarioOf(scenario)
    expect((await soundRun(ground)).verdict).toBe('holds')
    const result = await run(ground, target)
    expect(result.verdict).toBe('broken')
    expect(claimsBroken(result).toSorted()).toEqual(breaks.toSorted())
    expect(result.violations.map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringMatching(says)]),
    )
  })

  it('exists for every claim', () => {
    const eventually = ['eventually connected', 'eventually all-answered', 'eventually halted']
    const covered = new Set(brokenBots.flatMap(({ breaks }) => breaks))
    expect([...ALWAYS_CLAIMS, ...eventually].filter((claim) => !covered.has(claim))).toEqual([])
  })
})

describe('the bot of before', () => {
  it('breaks what it is known for', async () => {
    // Four minutes show it: it makes 16 attempts a second.
    const loggedOut = scenarioOf('disconnect-storm/logged-out-401')
    const early = { ...loggedOut, durationMs: 4 * MINUTE_MS, faults: [UNLINK_EARLY] }
    const unlinked = await run(early, undefined, 'before')
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

  it('is vacuous when it asks nothing of a claim about answers', async () => {
    const unasked = defineScenario({
      ...quiet,
      workload: { quiet: { atMs: 0, forMs: 5 * MINUTE_MS } },
      claims: { always: ['single-socket'], eventually: [{ claim: 'all-answered', withinMs: MINUTE_MS }] },
    })
    const result = await run(unasked)
    expect([result.verdict, claimsBroken(result)]).toEqual(['vacuous', ['eventually all-answered']])
  })

  it('is vacuous when it ends before the deadline of a claim', async () => {
    const claims = {
      always: ['single-socket' as const],
      eventually: [{ claim: 'all-answered' as const, withinMs: 6 * MINUTE_MS }],
    }
    const whole = defineScenario({ ...quiet, durationMs: 6 * MINUTE_MS, claims })
    const result = await run({ ...whole, durationMs: 5 * MINUTE_MS })
    expect([result.verdict, claimsBroken(result)]).toEqual(['vacuous', ['eventually all-answered']])
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
      startSupervisor: bot.startSupervisor,
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
