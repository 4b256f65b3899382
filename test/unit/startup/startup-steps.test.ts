/** Starting in order with failures of every kind, and stopping in every phase. */

import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { StartupRunner } from '../../../src/startup/startup-steps.ts'
import type { StartupStep } from '../../../src/startup/startup-steps.ts'
import type { StepReport } from '../../../src/startup/step-progress.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const TIMEOUT_MS = 1000
const STOP_TIMEOUT_MS = 500
const TOTAL_MS = 5000
const ONCE = { maxAttempts: 1, law: { baseMs: 1, capMs: 1 } }

interface Harness {
  readonly clock: ManualClock
  readonly logger: RecordingLogger
  readonly runner: StartupRunner
  /** What was called, as `run a`, `fallback a`, `stop a`. */
  readonly calls: string[]
  /** How the start ended; undefined while it goes on. */
  readonly outcome: () => string | undefined
  readonly begin: () => void
}

type Behaviour = 'works' | 'throws' | 'hangs'

interface Planned {
  readonly name: string
  /** By attempt; the last one stays. */
  readonly run?: readonly Behaviour[]
  readonly fallback?: Behaviour
  readonly stop?: Behaviour
  readonly overrides?: Partial<StartupStep>
}

function behave(behaviour: Behaviour): Promise<void> {
  if (behaviour === 'throws') return Promise.reject(new AppError('store-unavailable', 'no answer'))
  return behaviour === 'hangs' ? new Promise(() => undefined) : Promise.resolve()
}

function harness(plan: readonly Planned[]): Harness {
  const clock = new ManualClock()
  const logger = new RecordingLogger()
  const calls: string[] = []
  const steps = plan.map(({ name, run = ['works'], fallback, stop = 'works', overrides }): StartupStep => {
    let attempts = 0
    const note = (verb: string, behaviour: Behaviour): Promise<void> => {
      calls.push(`${verb} ${name}`)
      return behave(behaviour)
    }
    return {
      name,
      needs: [],
      isRequired: true,
      timeoutMs: TIMEOUT_MS,
      retry: { maxAttempts: 3, law: { baseMs: 100, capMs: 1000 } },
      run: () => note('run', run[Math.min(attempts++, run.length - 1)] ?? 'works'),
      ...(fallback === undefined ? {} : { fallback: () => note('fallback', fallback) }),
      stop: () => note('stop', stop),
      stopTimeoutMs: STOP_TIMEOUT_MS,
      ...overrides,
    }
  })
  const runner = new StartupRunner({ clock, logger, random: { next: () => 0.5 }, steps })
  let outcome: string | undefined
  const begin = (): void => {
    runner.start().then(
      () => (outcome = 'started'),
      (error: unknown) => (outcome = error instanceof AppError ? error.code : 'failed'),
    )
  }
  return { clock, logger, runner, calls, outcome: () => outcome, begin }
}

function stepOf(runner: StartupRunner, name: string): StepReport | undefined {
  return runner.report().find((report) => report.name === name)
}

function statesOf(runner: StartupRunner): string[] {
  return runner.report().map(({ name, state }) => `${name} ${state}`)
}

describe('starting', () => {
  it('runs the steps one after another, by needs and then by the table', async () => {
    const { clock, calls, runner, outcome, begin } = harness([
      { name: 'a', overrides: { needs: ['c'] } },
      { name: 'b' },
      { name: 'c' },
    ])
    begin()
    await clock.advance(0)
    expect(calls).toEqual(['run b', 'run c', 'run a'])
    expect(outcome()).toBe('started')
    expect(statesOf(runner)).toEqual(['a ready', 'b ready', 'c ready'])
  })

  it('delays a step after its needs, and lets the others pass it', async () => {
    const late = { needs: ['a'], startAfterMs: 700 }
    const { clock, calls, begin } = harness([{ name: 'a' }, { name: 'late', overrides: late }, { name: 'b' }])
    begin()
    await clock.advance(699)
    expect(calls).toEqual(['run a', 'run b'])
    await clock.advance(1)
    expect(calls).toEqual(['run a', 'run b', 'run late'])
  })

  it('is over before a delayed optional step, which is said to be delayed', async () => {
    const late = { needs: ['a'], startAfterMs: 700, isRequired: false }
    const { clock, runner, outcome, begin } = harness([{ name: 'a' }, { name: 'late', overrides: late }])
    begin()
    await clock.advance(0)
    expect([outcome(), ...statesOf(runner)]).toEqual(['started', 'a ready', 'late delayed'])
    await clock.advance(700)
    expect(statesOf(runner)).toEqual(['a ready', 'late ready'])
    expect(clock.pendingLabels()).toEqual([])
  })

  it('is not over before a delayed step that a required one needs', async () => {
    const late = { startAfterMs: 700, isRequired: false }
    const { clock, runner, outcome, begin } = harness([
      { name: 'late', overrides: late },
      { name: 'b', overrides: { needs: ['late'] } },
    ])
    begin()
    await clock.advance(699)
    expect([outcome(), ...statesOf(runner)]).toEqual([undefined, 'late waiting', 'b waiting'])
    await clock.advance(1)
    expect([outcome(), ...statesOf(runner)]).toEqual(['started', 'late ready', 'b ready'])
  })

  it('logs how long each step and the whole took', async () => {
    const { clock, logger, begin } = harness([{ name: 'a', run: ['throws', 'works'] }])
    begin()
    await clock.advance(75)
    expect(logger.lines.map(({ event, fields }) => [event, fields['durationMs']])).toEqual([
      ['startup.step-retrying', undefined],
      ['startup.step-ready', 75],
      ['startup.ready', 75],
    ])
  })

  it('with an optional step that retries forever is refused as a mistake', () => {
    const retry = { maxAttempts: 'forever', law: { baseMs: 1, capMs: 1 } } as const
    expect(() => harness([{ name: 'a', overrides: { isRequired: false, retry } }])).toThrow(/retry forever/)
    expect(() => harness([{ name: 'a', overrides: { retry } }])).not.toThrow()
  })
})

describe.each(['a', 'b', 'c'])('when step %s of three', (failing) => {
  const others = ['a', 'b', 'c'].filter((name) => name !== failing)
  function plan(run: readonly Behaviour[], rest: Omit<Planned, 'name' | 'run'> = {}): Planned[] {
    return ['a', 'b', 'c'].map((name) => (name === failing ? { name, run, ...rest } : { name }))
  }

  it.each<[Behaviour, number]>([
    ['throws', 0],
    ['hangs', TIMEOUT_MS],
  ])('%s once, it is tried again after a back-off and the start succeeds', async (behaviour, lostMs) => {
    const { clock, runner, outcome, begin } = harness(plan([behaviour, 'works']))
    begin()
    await clock.advance(lostMs + 74)
    expect(stepOf(runner, failing)).toMatchObject({ state: 'retrying', attempts: 1 })
    expect(stepOf(runner, failing)?.reason).toMatch(behaviour === 'throws' ? /no answer/ : /within 1000 ms/)
    await clock.advance(1)
    expect(outcome()).toBe('started')
    expect(stepOf(runner, failing)).toMatchObject({ state: 'ready', attempts: 2, reason: undefined })
    expect(clock.pendingLabels()).toEqual([])
  })

  it.each<[Behaviour, string]>([
    ['throws', 'store-unavailable'],
    ['hangs', 'timed-out'],
  ])('is required and always %s, the start fails with its code', async (behaviour, code) => {
    const { clock, runner, outcome, begin } = harness(plan([behaviour]))
    begin()
    await clock.advance(60_000)
    expect(outcome()).toBe(code)
    expect(stepOf(runner, failing)).toMatchObject({ state: 'failed', attempts: 3 })
    await runner.stop(TOTAL_MS)
    expect(clock.pendingLabels()).toEqual([])
  })

  it('is required and may retry forever, it does, and says why', async () => {
    const retry = { maxAttempts: 'forever', law: { baseMs: 100, capMs: 1000 } } as const
    const { clock, runner, outcome, begin } = harness(plan(['throws'], { overrides: { retry } }))
    begin()
    await clock.advance(3_600_000)
    expect(outcome()).toBeUndefined()
    expect(stepOf(runner, failing)).toMatchObject({ state: 'retrying', reason: 'no answer' })
    expect(stepOf(runner, failing)?.attempts).toBeGreaterThan(3000)
    await runner.stop(TOTAL_MS)
    expect([outcome(), clock.pendingLabels()]).toEqual(['aborted', []])
  })

  it.each<Behaviour>(['throws', 'hangs'])(
    'is optional and always %s, the others start, and it is tried again for ever',
    async (behaviour) => {
      const { clock, calls, runner, outcome, begin } = harness(
        plan([behaviour], { overrides: { isRequired: false } }),
      )
      begin()
      await clock.advance(60_000)
      expect(outcome()).toBe('started')
      expect(stepOf(runner, failing)?.state).toBe('degraded')
      for (const name of others) expect(stepOf(runner, name)?.state).toBe('ready')
      const callsBefore = calls.length
      await clock.advance(60_000)
      expect(calls.length).toBeGreaterThan(callsBefore + 20)
      await runner.stop(TOTAL_MS)
      expect(clock.pendingLabels()).toEqual([])
    },
  )

  it('is optional and works in the end, nothing is left of its trouble', async () => {
    const run: Behaviour[] = ['throws', 'hangs', 'throws', 'throws', 'hangs', 'works']
    const { clock, calls, logger, runner, begin } = harness(plan(run, { overrides: { isRequired: false } }))
    begin()
    await clock.advance(10_000)
    expect(stepOf(runner, failing)).toMatchObject({ state: 'ready', attempts: 6, reason: undefined })
    expect(clock.pendingLabels()).toEqual([])
    const events = logger.lines.filter(({ fields }) => fields['step'] === failing).map(({ event }) => event)
    const again = 'startup.step-retrying'
    expect(events).toEqual([again, again, 'startup.step-degraded', again, again, again, 'startup.step-ready'])
    await runner.stop(TOTAL_MS)
    expect(calls.filter((call) => call === `stop ${failing}`)).toHaveLength(1)
  })
})

describe('a fallback', () => {
  const optional = { isRequired: false }
  const dependent: Planned = { name: 'b', overrides: { needs: ['a'] } }

  it('takes over from an optional step, for those that need it too', async () => {
    const { clock, calls, runner, outcome, begin } = harness([
      { name: 'a', run: ['throws'], fallback: 'works', overrides: optional },
      dependent,
    ])
    begin()
    await clock.advance(60_000)
    expect([outcome(), ...statesOf(runner)]).toEqual(['started', 'a degraded', 'b ready'])
    expect(stepOf(runner, 'a')?.reason).toBe('on its fallback: no answer')
    expect(calls.slice(0, 5)).toEqual(['run a', 'run a', 'run a', 'fallback a', 'run b'])
  })

  it('stands in only until the step itself works', async () => {
    const { clock, calls, runner, begin } = harness([
      { name: 'a', run: ['throws', 'throws', 'throws', 'works'], fallback: 'works', overrides: optional },
    ])
    begin()
    await clock.advance(60_000)
    expect(stepOf(runner, 'a')).toMatchObject({ state: 'ready', reason: undefined })
    expect(calls.slice(3)).toEqual(['fallback a', 'run a'])
  })

  it.each<Behaviour>(['throws', 'hangs'])('that %s too leaves the step degraded', async (fallback) => {
    const { clock, runner, outcome, begin } = harness([
      { name: 'a', run: ['throws'], fallback, overrides: optional },
      { name: 'b' },
    ])
    begin()
    // Three attempts with two waits, and the fallback; before the next attempt.
    await clock.advance(fallback === 'throws' ? 225 : 225 + TIMEOUT_MS)
    expect([outcome(), ...statesOf(runner)]).toEqual(['started', 'a degraded', 'b ready'])
    expect(stepOf(runner, 'a')?.reason).toMatch(/its fallback failed too/)
  })
})

describe('a step whose need is not usable', () => {
  const broken: Planned = { name: 'a', run: ['throws'], overrides: { isRequired: false } }

  it('is not run; optional, it is degraded or on its fallback', async () => {
    const needsA = { isRequired: false, needs: ['a'] }
    const { clock, calls, runner, outcome, begin } = harness([
      broken,
      { name: 'b', overrides: needsA },
      { name: 'c', fallback: 'works', overrides: needsA },
    ])
    begin()
    await clock.advance(60_000)
    expect([outcome(), ...statesOf(runner)]).toEqual(['started', 'a degraded', 'b degraded', 'c degraded'])
    expect(stepOf(runner, 'b')?.reason).toBe('needs a, which is not usable')
    expect(calls.filter((call) => !call.endsWith('a'))).toEqual(['fallback c'])
  })

  it('is run when that need works in the end', async () => {
    const { clock, runner, begin } = harness([
      { name: 'a', run: ['throws', 'throws', 'throws', 'throws', 'works'], overrides: { isRequired: false } },
      { name: 'b', overrides: { isRequired: false, needs: ['a'] } },
    ])
    begin()
    await clock.advance(500)
    expect(statesOf(runner)).toEqual(['a degraded', 'b degraded'])
    await clock.advance(10_000)
    expect(statesOf(runner)).toEqual(['a ready', 'b ready'])
  })

  it('is not run; required, it fails the start', async () => {
    const { clock, calls, runner, outcome, begin } = harness([
      broken,
      { name: 'b', overrides: { needs: ['a'] } },
    ])
    begin()
    await clock.advance(60_000)
    expect([outcome(), ...statesOf(runner)]).toEqual(['failed', 'a degraded', 'b failed'])
    expect(calls).not.toContain('run b')
  })
})

describe('stopping', () => {
  const three: readonly Planned[] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]

  it('goes in reverse order of the start', async () => {
    const { clock, calls, runner, begin } = harness([
      { name: 'a', overrides: { needs: ['b'] } },
      { name: 'b' },
    ])
    begin()
    await clock.advance(0)
    expect(await runner.stop(TOTAL_MS)).toEqual([])
    expect(calls.slice(2)).toEqual(['stop a', 'stop b'])
  })

  it('twice stops once', async () => {
    const { clock, calls, runner, begin } = harness(three)
    begin()
    await clock.advance(0)
    await Promise.all([runner.stop(TOTAL_MS), runner.stop(TOTAL_MS)])
    expect(calls.filter((call) => call === 'stop a')).toHaveLength(1)
  })

  it('before the start keeps it from happening', async () => {
    const { calls, runner, outcome, begin } = harness(three)
    expect(await runner.stop(TOTAL_MS)).toEqual([])
    begin()
    await settle()
    expect([outcome(), calls]).toEqual(['aborted', []])
  })

  it.each<[string, Planned, number]>([
    ['a step runs', { name: 'b', run: ['hangs'], overrides: { retry: ONCE } }, 500],
    ['a step waits to be retried', { name: 'b', run: ['throws'] }, 50],
    ['a step waits for its delay', { name: 'b', overrides: { startAfterMs: 900 } }, 500],
    [
      'a fallback runs',
      {
        name: 'b',
        run: ['throws'],
        fallback: 'hangs',
        overrides: { isRequired: false, retry: ONCE },
      },
      500,
    ],
  ])('while %s aborts the start at once and stops what was begun', async (_, second, afterMs) => {
    const { clock, calls, runner, outcome, begin } = harness([
      { name: 'a' },
      second,
      { name: 'c', overrides: { needs: ['b'] } },
    ])
    begin()
    await clock.advance(afterMs)
    const hasBegun = calls.includes('run b')
    expect(await runner.stop(TOTAL_MS)).toEqual([])
    expect(outcome()).toBe('aborted')
    expect(stepOf(runner, 'b')?.state).toMatch(/^(waiting|running|retrying)$/)
    expect(calls.filter((call) => call.startsWith('stop'))).toEqual(
      hasBegun ? ['stop b', 'stop a'] : ['stop a'],
    )
    expect(clock.pendingLabels()).toEqual([])
    await clock.advance(60_000)
    expect(calls).not.toContain('run c')
  })

  it.each<Behaviour>(['throws', 'hangs'])(
    'while a step that %s is tried again in the background leaves nothing behind',
    async (behaviour) => {
      const { clock, calls, logger, runner, begin } = harness([
        { name: 'a', run: [behaviour], overrides: { isRequired: false } },
      ])
      begin()
      await clock.advance(10 * TIMEOUT_MS)
      expect(await runner.stop(TOTAL_MS)).toEqual([])
      expect(clock.pendingLabels()).toEqual([])
      expect(calls.at(-1)).toBe('stop a')
      expect(logger.lines.map(({ event }) => event)).not.toContain('startup.step-abandoned')
    },
  )

  it('begins when the start has ended', async () => {
    const { clock, calls, runner } = harness([{ name: 'a' }, { name: 'b', run: ['hangs'] }])
    const ended = runner.start().catch(() => calls.push('start ended'))
    await clock.advance(10)
    await runner.stop(TOTAL_MS)
    await ended
    expect(calls).toEqual(['run a', 'run b', 'start ended', 'stop b', 'stop a'])
  })

  it("aborts the running step's signal", async () => {
    let signal: AbortSignal | undefined
    const run = (given: AbortSignal): Promise<void> => ((signal = given), new Promise(() => undefined))
    const { clock, runner, begin } = harness([{ name: 'a', overrides: { run } }])
    begin()
    await clock.advance(10)
    expect(signal?.aborted).toBe(false)
    await runner.stop(TOTAL_MS)
    expect(signal?.aborted).toBe(true)
  })

  it.each<Behaviour>(['throws', 'hangs'])('passes over a stop that %s, and names it', async (stop) => {
    const { clock, calls, logger, runner, begin } = harness([
      { name: 'a' },
      { name: 'b', stop },
      { name: 'c' },
    ])
    begin()
    await clock.advance(0)
    const stopping = runner.stop(TOTAL_MS)
    await clock.advance(STOP_TIMEOUT_MS)
    expect(await stopping).toEqual(['b'])
    expect(calls.slice(3)).toEqual(['stop c', 'stop b', 'stop a'])
    expect(logger.lines.find(({ event }) => event === 'shutdown.step-unfinished')?.fields['step']).toBe('b')
    expect(clock.pendingLabels()).toEqual([])
  })

  it('stays within the total, and still calls every stop', async () => {
    const plan = three.map(({ name }): Planned => ({ name, stop: 'hangs' }))
    const { clock, calls, runner, begin } = harness(plan)
    begin()
    await clock.advance(0)
    let stoppedAtMs = -1
    const stopping = runner.stop(700).then((names) => ((stoppedAtMs = clock.monotonicMs()), names))
    await clock.advance(60_000)
    expect(await stopping).toEqual(['c', 'b', 'a'])
    expect(stoppedAtMs).toBe(700)
    expect(calls.slice(3)).toEqual(['stop c', 'stop b', 'stop a'])
  })
})
