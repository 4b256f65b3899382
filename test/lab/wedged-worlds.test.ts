/** A world that cannot go on ends its run with the reason, instead of going round or round the clock. */

import { describe, expect, it } from 'vitest'
import { defineScenario } from '../../sim/scenario.ts'
import { bot } from '../../sim/targets/bot.ts'
import type { TargetContext } from '../../sim/targets/target.ts'
import { runScenario } from '../../sim/world/run.ts'
import type { RunResult } from '../../sim/world/run-result.ts'

const scenario = defineScenario({
  id: 'dyno-restart/hour',
  family: 'dyno-restart',
  proves: 'an hour of ordinary life',
  durationMs: 3_600_000,
  claims: { always: ['single-socket'], eventually: [{ claim: 'connected', withinMs: 60_000 }] },
})

function runOf(start: (context: TargetContext) => void): Promise<RunResult> {
  const target = {
    ...bot,
    // A supervisor would find it out first.
    startSupervisor: undefined,
    start: (context: TargetContext) => {
      context.bindPort()
      start(context)
      return { terminate: () => context.ports.exit.exit('stopped') }
    },
  }
  const request = { scenario, level: 'model', seed: 1, target: 'bot' } as const
  return runScenario(request, { database: undefined, keepLines: 0, target })
}

describe('a virtual deadlock', () => {
  it('is reported soon when nobody waits for anything that can come, though the lab makes its marks', async () => {
    const result = await runOf(() => undefined)
    expect(result.verdict).toBe('broken')
    expect(result.violations).toEqual([
      {
        claim: 'sound-process',
        atMs: expect.any(Number),
        message:
          'the world: virtual deadlock: nothing can happen any more; parked: web.1#1/bot.1 is running with no timer',
      },
    ])
    expect(result.virtualMs).toBeLessThan(5 * 60_000)
  })

  it('is none while a process holds a timer, however long', async () => {
    const result = await runOf(({ ports }) => void ports.clock.setTimer('far', 3_500_000, () => undefined))
    expect(result.virtualMs).toBeGreaterThan(3_500_000)
  })
})

describe('a clock that stands', () => {
  it('ends the run when timers without delay follow each other for ever', async () => {
    const result = await runOf(({ ports }) => {
      const again = (): void => void ports.clock.setTimer('again', 0, again)
      ports.clock.setTimer('begin', 1_000, again)
    })
    expect(result.verdict).toBe('broken')
    expect(result.violations[0]?.message).toBe(
      'the world: the clock stands: event after event at one moment, the last "again"',
    )
  })
})
