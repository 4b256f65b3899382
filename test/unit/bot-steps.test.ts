/**
 * Each step of the bot's start-up failing once, always, or hanging: what the step comes to and by when, what
 * becomes of the others, and what health says meanwhile. The table is the product's; its parts are stand-ins.
 */

import { describe, expect, it } from 'vitest'
import type { BotStatus } from '../../src/bot-status.ts'
import { botSteps } from '../../src/bot-steps.ts'
import type { BotParts } from '../../src/bot-steps.ts'
import { AppError } from '../../src/errors.ts'
import { assessHealth } from '../../src/health/health-report.ts'
import { StartupRunner } from '../../src/startup/startup-steps.ts'
import type { StepReport } from '../../src/startup/step-progress.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

const SECOND_MS = 1_000
type Fate = 'once' | 'always' | 'hung'
type Outcome = 'started' | 'failed' | 'starting'

interface Row {
  readonly step: string
  readonly fate: Fate
  /** Whatever it comes to, it has by then. */
  readonly withinMs: number
  readonly state: StepReport['state']
  readonly attempts: number
  readonly reason: string | undefined
  readonly start: Outcome
  /** Those that wait for it, or were given up with it. */
  readonly unsettled: readonly string[]
  readonly health: readonly string[]
}

const AFTER_DATABASE = ['lease', 'outbox', 'connection', 'plugins', 'inbox', 'retention']
const FAILS = 'it broke'
/** A step whose failure is a bug: the start fails, the process ends, and the supervisor starts another one. */
const bug = (step: string, unsettled: readonly string[], fate: Fate): Row => ({
  step,
  fate,
  withinMs: fate === 'hung' ? 5 * SECOND_MS : 0,
  state: 'failed',
  attempts: 1,
  reason: fate === 'hung' ? `startup.${step}: no answer within 5000 ms` : FAILS,
  start: 'failed',
  unsettled,
  health: unsettled.length === 0 ? ['step-failed'] : ['step-failed', 'bot-starting'],
})
const bugs = (step: string, unsettled: readonly string[]): Row[] =>
  (['once', 'always', 'hung'] as const).map((fate) => bug(step, unsettled, fate))
/** An optional step: the bot serves without it, health says so, and it is tried again until it works. */
const mended = (step: string, startAfterMs: number, timeoutMs: number): Row[] => {
  const row = { step, start: 'started', unsettled: [] } as const
  const degraded = { ...row, state: 'degraded', reason: FAILS, health: ['step-degraded'] } as const
  const late = {
    ...degraded,
    fate: 'hung',
    reason: `startup.${step}: no answer within ${timeoutMs} ms`,
  } as const
  return [
    { ...degraded, fate: 'once', withinMs: startAfterMs, attempts: 1 },
    {
      ...row,
      fate: 'once',
      withinMs: startAfterMs + 500,
      state: 'ready',
      attempts: 2,
      reason: undefined,
      health: [],
    },
    // Waits of 0.5, 1, 2, 4 … 128, 150, 150 … s.
    { ...degraded, fate: 'always', withinMs: startAfterMs + 3_600 * SECOND_MS, attempts: 32 },
    { ...late, withinMs: startAfterMs + timeoutMs, attempts: 1 },
    { ...late, withinMs: startAfterMs + 2 * timeoutMs + 500, attempts: 2 },
  ]
}

const ROWS: readonly Row[] = [
  ...mended('memory', 0, SECOND_MS),
  {
    step: 'database',
    fate: 'once',
    withinMs: SECOND_MS,
    state: 'ready',
    attempts: 2,
    reason: undefined,
    start: 'started',
    unsettled: [],
    health: [],
  },
  {
    // Waits of 0.5, 1, 2, 4, 8, 15, 15 … s: half an envelope each, as this chance draws 0.
    step: 'database',
    fate: 'always',
    withinMs: 600 * SECOND_MS,
    state: 'retrying',
    attempts: 44,
    reason: FAILS,
    start: 'starting',
    unsettled: AFTER_DATABASE,
    health: ['step-retrying', 'bot-starting'],
  },
  {
    step: 'database',
    fate: 'hung',
    withinMs: 21 * SECOND_MS - 501,
    state: 'retrying',
    attempts: 1,
    reason: 'startup.database: no answer within 20000 ms',
    start: 'starting',
    unsettled: AFTER_DATABASE,
    health: ['step-retrying', 'bot-starting'],
  },
  ...bugs('lease', AFTER_DATABASE.slice(1)),
  ...bugs('connection', AFTER_DATABASE.slice(3)),
  ...mended('retention', 60 * SECOND_MS, 5 * SECOND_MS),
]

function work(fate: Fate | undefined): () => Promise<void> {
  let calls = 0
  return () => {
    calls += 1
    if (fate === 'hung') return new Promise(() => undefined)
    if (fate === 'always' || (fate === 'once' && calls === 1))
      return Promise.reject(new AppError('store-unavailable', FAILS))
    return Promise.resolve()
  }
}

function start(step: string, fate: Fate) {
  const clock = new ManualClock()
  const logger = new RecordingLogger()
  const of = (name: string): (() => Promise<void>) => work(name === step ? fate : undefined)
  const part = (name: string) => ({
    start: of(name),
    stop: () => Promise.resolve(),
    release: () => Promise.resolve(),
  })
  const parts: unknown = {
    memory: part('memory'),
    store: {},
    prepareStore: of('database'),
    lease: part('lease'),
    outbox: part('outbox'),
    inbox: part('inbox'),
    plugins: part('plugins'),
    connection: part('connection'),
    retention: part('retention'),
  }
  const steps = botSteps(parts as BotParts)
  const runner = new StartupRunner({ clock, logger, random: { next: () => 0 }, steps })
  let outcome: Outcome = 'starting'
  runner.start().then(
    () => (outcome = 'started'),
    () => (outcome = 'failed'),
  )
  return { clock, logger, runner, outcome: () => outcome }
}

/** What health says of a bot all of whose parts are well but its steps. */
function healthReasons(steps: readonly StepReport[]): readonly string[] {
  const status: unknown = {
    steps,
    connection: { state: 'open' },
    lease: { status: 'held' },
    database: { isReachable: true },
    memory: { level: 'normal', isMeasuring: true },
  }
  return assessHealth({
    staleAfterMs: 30_000,
    supervisor: () => ({
      uptimeMs: 1,
      botProcess: 'running',
      inStateMs: 1,
      nextStartInMs: undefined,
      heartbeatAgeMs: 0,
      restarts: {},
      lastEnd: undefined,
    }),
    bot: () => ({ status: status as BotStatus, ageMs: 0, pairingCode: undefined }),
    memory: () => undefined,
  }).reasons
}

describe('a step of the start-up', () => {
  it.each(ROWS)('$step, failing $fate, is $state after $withinMs ms', async (row) => {
    const { clock, runner, logger, outcome } = start(row.step, row.fate)
    await clock.advance(row.withinMs)
    const report = runner.report()
    const { state, attempts, reason } = report.find(({ name }) => name === row.step) ?? {}
    expect({ state, attempts, reason }).toEqual({
      state: row.state,
      attempts: row.attempts,
      reason: row.reason,
    })
    expect(outcome()).toBe(row.start)
    const others = report.filter(({ name }) => name !== row.step)
    const unsettled = others.filter(({ state: other }) => other !== 'ready' && other !== 'delayed')
    expect(unsettled.map(({ name }) => name)).toEqual(row.unsettled)
    expect(healthReasons(report)).toEqual(row.health)
    const settled = logger.lines.filter(({ event }) => /^startup\.step-(ready|degraded|failed)$/.test(event))
    expect(settled.filter(({ fields }) => typeof fields['durationMs'] !== 'number')).toEqual([])
    await runner.stop(SECOND_MS)
  })

  it('that would compete with the start begins a minute later, and the bot is no less started', async () => {
    const { clock, runner, outcome } = start('none', 'once')
    await clock.advance(60 * SECOND_MS - 1)
    const delayed = runner.report().filter(({ state }) => state !== 'ready')
    expect(delayed.map(({ name, state }) => [name, state])).toEqual([['retention', 'delayed']])
    expect([outcome(), ...healthReasons(runner.report())]).toEqual(['started'])
    await clock.advance(1)
    expect(runner.report().every(({ state }) => state === 'ready')).toBe(true)
    await runner.stop(SECOND_MS)
  })

  it('is in the table, whatever it is', () => {
    const { runner } = start('none', 'once')
    // These have nothing to do at the start: they are steps to be stopped in their order.
    const untested = ['outbox', 'plugins', 'inbox']
    const tested = new Set([...ROWS.map(({ step }) => step), ...untested])
    expect(runner.report().filter(({ name }) => !tested.has(name))).toEqual([])
  })

  it('takes ever longer waits, never more than 30 s, for a database that stays away for an hour', async () => {
    const { clock, logger, runner } = start('database', 'always')
    await clock.advance(3_600 * SECOND_MS)
    const waits = logger.lines
      .filter(({ event }) => event === 'startup.step-retrying')
      .map(({ fields }) => Number(fields['delayMs']))
    expect(waits.slice(0, 6)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000])
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000)
    await runner.stop(SECOND_MS)
  })
})
