/** The verdict on a dyno: what is ok, degraded, starting or down, and that monitors find the shape they know. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HEALTH_REASONS, assessHealth, healthReport } from '../../../src/health/health-report.ts'
import type { HealthSource } from '../../../src/health/health-source.ts'
import { assessReadiness } from '../../../src/health/readiness.ts'
import { NOW_MS, STALE_AFTER_MS, botView, connection, memory, sourceOf, step } from './health-bench.ts'

const CONTEXT = { nowMs: NOW_MS, isMemoryOptimizationEnabled: true }
const DATABASE_AWAY = {
  database: {
    isReachable: false,
    lastAnswerAtMs: NOW_MS,
    lastFailureAtMs: NOW_MS,
    failure: 'store-unavailable',
  },
}

function percentages(source: HealthSource): unknown {
  return healthReport(source, CONTEXT).memory.percentages
}

describe('the report', () => {
  it('has the shape that monitors have always read', () => {
    expect(healthReport(sourceOf(), CONTEXT)).toEqual({
      status: 'ok',
      timestamp: '2026-01-02T03:04:05.000Z',
      uptime: 11.764,
      memory: { percentages: { heapUsage: 62, systemUsage: 35 } },
      memoryOptimizationEnabled: true,
      databaseConnected: true,
    })
  })

  it('says that the database is away when the bot’s statements fail, also while WhatsApp is connected', () => {
    const report = healthReport(sourceOf({ bot: botView(DATABASE_AWAY) }), CONTEXT)
    expect(report).toMatchObject({ status: 'degraded', databaseConnected: false })
  })

  it('does not claim a database that nobody has asked lately', () => {
    const stale = sourceOf({ bot: botView({}, { ageMs: STALE_AFTER_MS + 1 }) })
    expect(healthReport(stale, CONTEXT).databaseConnected).toBe(false)
    expect(healthReport(sourceOf({ bot: 'none' }), CONTEXT).databaseConnected).toBe(false)
  })

  it('falls back on the bot’s own sample, and says null rather than a number it does not know', () => {
    expect(percentages(sourceOf({ memory: 'none' }))).toEqual({ heapUsage: 62, systemUsage: 33 })
    expect(percentages(sourceOf({ bot: 'none' }))).toEqual({ heapUsage: 50, systemUsage: 35 })
    expect(percentages(sourceOf({ bot: 'none', memory: 'none' }))).toEqual({
      heapUsage: null,
      systemUsage: null,
    })
  })
})

describe('the verdict', () => {
  it.each([
    ['running', 'ok', []],
    ['starting', 'starting', ['bot-starting']],
    ['stalled', 'down', ['bot-stalled']],
    ['ending', 'degraded', ['bot-ending']],
    ['waiting', 'down', ['bot-not-running']],
    ['stopped', 'down', ['bot-not-running']],
  ] as const)('on a bot process that is %s: %s', (botProcess, status, reasons) => {
    expect(assessHealth(sourceOf({ supervisor: { botProcess } }))).toEqual({ status, reasons })
  })

  it.each([
    ['charging', 'connecting'],
    ['connecting', 'connecting'],
    ['pairing', 'pairing'],
    ['waiting', 'disconnected'],
    ['ending', 'disconnected'],
    ['halted', 'session-halted'],
  ] as const)('on a connection that is %s: degraded, never down', (state, reason) => {
    const verdict = assessHealth(sourceOf({ bot: botView(connection({ state })) }))
    expect(verdict).toEqual({ status: 'degraded', reasons: [reason] })
  })

  it('names a lease that another dyno holds', () => {
    const verdict = assessHealth(sourceOf({ bot: botView({ lease: { status: 'none' } }) }))
    expect(verdict).toEqual({ status: 'degraded', reasons: ['lease-not-held'] })
  })

  it('names a session that cannot be used, beside what follows from it', () => {
    const sessionTrouble = { code: 'store-corrupt', remedy: 'import one' } as const
    const waiting = connection({ state: 'waiting' })
    const verdict = assessHealth(sourceOf({ bot: botView({ ...waiting, sessionTrouble }) }))
    expect(verdict).toEqual({ status: 'degraded', reasons: ['session-unusable', 'disconnected'] })
  })

  it('names a phone that was silent for too long, and one that was not is no reason', () => {
    const verdicts = [true, false].map((isOverdue) => {
      const phone = { silentSinceMs: NOW_MS - 1, isOverdue }
      return assessHealth(sourceOf({ bot: botView({ phone }) }))
    })
    expect(verdicts).toEqual([
      { status: 'degraded', reasons: ['phone-unseen'] },
      { status: 'ok', reasons: [] },
    ])
  })

  it('calls a start a start while its steps go on, and trouble when one of them fails', () => {
    const starting = { ...connection({ state: 'standby' }), lease: { status: 'none' } as const }
    const steps = [step('database', 'ready'), step('lease', 'running')]
    expect(assessHealth(sourceOf({ bot: botView({ ...starting, steps }) })).status).toBe('starting')
    const retrying = [step('database', 'retrying'), step('lease', 'waiting')]
    const verdict = assessHealth(
      sourceOf({ bot: botView({ ...starting, ...DATABASE_AWAY, steps: retrying }) }),
    )
    expect(verdict).toEqual({
      status: 'degraded',
      reasons: ['step-retrying', 'bot-starting', 'database-unreachable', 'lease-not-held'],
    })
  })

  it.each([
    [memory({ level: 'cleanup' }), 'memory-high'],
    [memory({ level: 'emergency' }), 'memory-emergency'],
    [memory({ isMeasuring: false }), 'memory-unmeasured'],
  ] as const)('tells of memory pressure', (change, reason) => {
    expect(assessHealth(sourceOf({ bot: botView(change) }))).toEqual({
      status: 'degraded',
      reasons: [reason],
    })
  })

  it('does not believe a report that is too old', () => {
    const verdict = assessHealth(sourceOf({ bot: botView({}, { ageMs: STALE_AFTER_MS + 1 }) }))
    expect(verdict).toEqual({ status: 'degraded', reasons: ['no-status'] })
  })

  it('is ok exactly without a reason, and ready exactly with connection, lease and database', () => {
    fc.assert(
      fc.property(anyDyno(), (source) => {
        const { status, reasons } = assessHealth(source)
        expect(status === 'ok').toBe(reasons.length === 0)
        expect(reasons.filter((reason) => !HEALTH_REASONS.includes(reason))).toEqual([])
        const { isReady, missing } = assessReadiness(source)
        expect(isReady).toBe(missing.length === 0)
        expect(status !== 'ok' || isReady).toBe(true)
        expect(!isReady || source.bot()?.status.database.isReachable).toBe(true)
      }),
    )
  })
})

describe('readiness', () => {
  it('says what is missing', () => {
    expect(assessReadiness(sourceOf())).toEqual({ isReady: true, missing: [] })
    const bot = botView({ ...connection({ state: 'waiting' }), ...DATABASE_AWAY, lease: { status: 'none' } })
    expect(assessReadiness(sourceOf({ bot })).missing).toEqual([
      'the connection is waiting',
      'the session’s lease is not held',
      'the database does not answer',
    ])
    expect(assessReadiness(sourceOf({ bot: 'none', supervisor: { botProcess: 'waiting' } })).missing).toEqual(
      ['the bot process is waiting', 'the bot has not reported lately'],
    )
  })
})

function anyDyno(): fc.Arbitrary<HealthSource> {
  const state = fc.constantFrom('standby', 'charging', 'waiting', 'connecting', 'pairing', 'open', 'halted')
  const lease = fc.constantFrom(
    { status: 'none' } as const,
    { status: 'held', epoch: 1 } as const,
    { status: 'halted', cause: 'logged-out' } as const,
  )
  const steps = fc.array(
    fc
      .constantFrom('waiting', 'delayed', 'running', 'retrying', 'ready', 'degraded', 'failed')
      .map((each) => step('one', each)),
    { maxLength: 3 },
  )
  return fc
    .record({
      botProcess: fc.constantFrom('starting', 'running', 'stalled', 'ending', 'waiting', 'stopped'),
      ageMs: fc.constantFrom(0, STALE_AFTER_MS, STALE_AFTER_MS + 1),
      hasBot: fc.boolean(),
      state,
      lease,
      steps,
      isReachable: fc.boolean(),
      level: fc.constantFrom('normal', 'cleanup', 'emergency'),
    })
    .map((drawn) => {
      const { database } = DATABASE_AWAY
      const status = {
        ...connection({ state: drawn.state }),
        ...memory({ level: drawn.level }),
        lease: drawn.lease,
        steps: drawn.steps,
        database: { ...database, isReachable: drawn.isReachable },
      }
      return sourceOf({
        supervisor: { botProcess: drawn.botProcess },
        bot: drawn.hasBot ? botView(status, { ageMs: drawn.ageMs }) : 'none',
      })
    })
}
