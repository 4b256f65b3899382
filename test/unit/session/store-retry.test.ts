import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffEnvelopeMs } from '../../../src/backoff.ts'
import { AppError, errorCodeOf } from '../../../src/errors.ts'
import type { ErrorCode } from '../../../src/errors.ts'
import type { MessageJournal } from '../../../src/ports/message-journal.ts'
import type { SessionStore } from '../../../src/ports/session-store.ts'
import {
  STORE_RETRY_RULES,
  retryLawOf,
  retryingMessageJournal,
  retryingSessionStore,
} from '../../../src/session/store-retry.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

interface Call {
  readonly name: string
  readonly argument: unknown
  readonly atMs: number
}

/** A port of which every operation fails with the next code of `failures`, or answers 'done'. */
function failingPort(clock: ManualClock, failures: readonly ErrorCode[], calls: Call[]) {
  const codes = [...failures]
  const operation = (name: string) => (argument: unknown) => {
    calls.push({ name, argument, atMs: clock.monotonicMs() })
    const code = codes.shift()
    return code === undefined ? Promise.resolve('done') : Promise.reject(new AppError(code, `${code}!`))
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- answers every operation of both ports alike
  return new Proxy({}, { get: (_target, name) => operation(String(name)) }) as SessionStore & MessageJournal
}

function setup(options: { failures?: readonly ErrorCode[]; maxWaitMs?: number; draw?: number } = {}) {
  const clock = new ManualClock()
  const logger = new RecordingLogger()
  const calls: Call[] = []
  const controller = new AbortController()
  const deps = {
    clock,
    logger,
    random: { next: () => options.draw ?? 0 },
    maxWaitMs: options.maxWaitMs ?? 60_000,
    signal: controller.signal,
  }
  const failures = options.failures ?? []
  const store = retryingSessionStore({ ...deps, store: failingPort(clock, failures, calls) })
  const journal = retryingMessageJournal({ ...deps, journal: failingPort(clock, failures, calls) })
  return { clock, logger, calls, controller, store, journal }
}

const repeated = [
  'haltSession',
  'readCreds',
  'readCredsHistory',
  'readHighestKeyId',
  'readKeys',
  'commit',
] as const
const passed = ['readLease', 'takeLease', 'renewLease', 'releaseLease'] as const
const journalled = [
  'recordInbound',
  'readUnhandled',
  'markStarted',
  'recordHandled',
  'readPendingReplies',
  'settleReply',
  'readTakenChats',
  'readReply',
  'prune',
] as const

/** Calls an operation by name with an argument that only has to arrive. */
function call(port: object, name: string, argument: unknown = {}): Promise<unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the names are those of operations
  const operation = Reflect.get(port, name) as (argument: unknown) => Promise<unknown>
  return operation(argument)
}

describe('the retry table', () => {
  it('repeats what time can mend, and only that', () => {
    const repeats = Object.entries(STORE_RETRY_RULES).map(([code, rule]) => [code, rule.retry])
    expect(Object.fromEntries(repeats)).toStrictEqual({
      'store-unavailable': true,
      'store-outcome-unknown': true,
      'store-busy': true,
      'store-read-only': true,
      'store-broken': false,
      'store-corrupt': false,
      'store-denied': false,
    })
  })

  it('waits longer for a connection slot than for a server', () => {
    const busy = STORE_RETRY_RULES['store-busy'].law
    expect(busy.baseMs).toBeGreaterThan(STORE_RETRY_RULES['store-unavailable'].law.baseMs)
  })

  it('repeats no error that is not the store’s', () => {
    expect(retryLawOf(new AppError('lease-lost', ''))).toBeUndefined()
    expect(retryLawOf(new AppError('encryption-key-missing', ''))).toBeUndefined()
    expect(retryLawOf(new Error('bug'))).toBeUndefined()
  })
})

describe('retrying ports', () => {
  it.each(repeated)('repeats %s with its argument until it succeeds', async (name) => {
    const { clock, store, calls } = setup({ failures: ['store-unavailable', 'store-outcome-unknown'] })
    const argument = { some: 'argument' }
    const result = call(store, name, argument)
    await clock.advance(10_000)
    expect(await result).toBe('done')
    expect(calls.map((each) => each.name)).toStrictEqual([name, name, name])
    const expected = name.startsWith('readCreds') ? undefined : argument
    expect(calls.every((each) => each.argument === expected)).toBe(true)
  })

  it.each(passed)('passes %s straight through, its failure too', async (name) => {
    const { clock, store, calls, logger } = setup({ failures: ['store-unavailable'] })
    await expect(call(store, name)).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await call(store, name)).toBe('done')
    expect(calls.length).toBe(2)
    expect(clock.pendingLabels()).toStrictEqual([])
    expect(logger.lines).toStrictEqual([])
  })

  it.each(journalled)('repeats the journal’s %s', async (name) => {
    const { clock, journal } = setup({ failures: ['store-unavailable'] })
    const result = call(journal, name)
    await clock.advance(1_000)
    expect(await result).toBe('done')
  })

  it('adds no timer and no line where nothing fails', async () => {
    const { clock, store, logger } = setup()
    const result = store.readCreds()
    expect(clock.pendingLabels()).toStrictEqual([])
    await result
    expect(logger.lines).toStrictEqual([])
  })

  it.each(['store-corrupt', 'store-denied', 'store-broken', 'encryption-key-missing', 'lease-lost'] as const)(
    'throws %s at once and unlogged',
    async (code) => {
      const { clock, store, calls, logger } = setup({ failures: [code] })
      await expect(store.readCreds()).rejects.toMatchObject({ code })
      expect(calls.length).toBe(1)
      expect(clock.pendingLabels()).toStrictEqual([])
      expect(logger.lines).toStrictEqual([])
    },
  )

  it('stops repeating when a failure turns into one that time cannot mend', async () => {
    const { clock, store, calls } = setup({ failures: ['store-unavailable', 'store-denied'] })
    const result = store.readCreds().catch(errorCodeOf)
    await clock.advance(60_000)
    expect(await result).toBe('store-denied')
    expect(calls.length).toBe(2)
  })

  it('tries a last time when maxWaitMs have passed, then throws the last error', async () => {
    const failures = Array.from({ length: 100 }, (_, index): ErrorCode =>
      index < 5 ? 'store-unavailable' : 'store-busy',
    )
    const { clock, store, calls } = setup({ failures, maxWaitMs: 20_000 })
    const result = store.readCreds().catch(errorCodeOf)
    await clock.advance(60_000)
    expect(await result).toBe('store-busy')
    expect(calls.at(-1)?.atMs).toBe(20_000)
    expect(clock.pendingLabels()).toStrictEqual([])
  })

  it('ends the wait with the last error as soon as the signal is aborted', async () => {
    const { clock, store, calls, controller } = setup({ failures: ['store-busy', 'store-busy'] })
    const result = store.readCreds().catch(errorCodeOf)
    await settle()
    controller.abort()
    expect(await result).toBe('store-busy')
    expect(await store.readCreds().catch(errorCodeOf)).toBe('store-busy')
    expect(calls.length).toBe(2)
    expect(clock.pendingLabels()).toStrictEqual([])
  })

  it('keeps every delay within its law, jitter included', async () => {
    const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    const retryable = fc.constantFrom<ErrorCode>('store-unavailable', 'store-busy', 'store-read-only')
    await fc.assert(
      fc.asyncProperty(
        fc.array(retryable, { minLength: 1, maxLength: 12 }),
        draws,
        async (failures, draw) => {
          const { clock, store, calls } = setup({ failures, draw, maxWaitMs: Infinity })
          const result = store.readCreds()
          await clock.advance(1_000_000)
          await result
          failures.forEach((code, index) => {
            const law = retryLawOf(new AppError(code, ''))
            const delayMs = (calls[index + 1]?.atMs ?? NaN) - (calls[index]?.atMs ?? NaN)
            const envelopeMs = law === undefined ? NaN : backoffEnvelopeMs(law, index + 1)
            expect(delayMs).toBeGreaterThanOrEqual(envelopeMs / 2)
            expect(delayMs).toBeLessThanOrEqual(envelopeMs)
          })
        },
      ),
    )
  })

  it('logs an outage once at its start and once at its end, however many operations it struck', async () => {
    const { clock, store, logger } = setup({ failures: Array.from({ length: 7 }, () => 'store-unavailable') })
    const results = Promise.all([store.readCreds(), store.readKeys({ type: 'session', ids: ['a'] })])
    await clock.advance(60_000)
    await results
    await store.readCreds()
    expect(logger.lines).toStrictEqual([
      {
        level: 'warn',
        event: 'store.failing',
        fields: { port: 'session-store', operation: 'readCreds', code: 'store-unavailable' },
      },
      {
        level: 'info',
        event: 'store.recovered',
        fields: { port: 'session-store', failures: 7, outageMs: expect.any(Number) },
      },
    ])
  })

  it('notices the recovery also when the operation that failed has given up', async () => {
    const { clock, store, logger } = setup({
      failures: ['store-unavailable', 'store-unavailable'],
      maxWaitMs: 100,
    })
    const result = store.readCreds().catch(errorCodeOf)
    await clock.advance(5_000)
    expect(await result).toBe('store-unavailable')
    await store.readCreds()
    expect(logger.lines.map((line) => line.event)).toStrictEqual(['store.failing', 'store.recovered'])
  })
})
