/** Faults of every kind, drawn: within the first `withinMs` of a run, and over soon after. */

import fc from 'fast-check'
import type { FaultInput } from '../../../../sim/faults/fault.ts'

const CODES = [408, 428, 440, 500, 503, 515]
const STORE_CODES = ['store-unavailable', 'store-busy', 'store-read-only', 'store-outcome-unknown'] as const
const WRITES = [
  'commit',
  'recordInbound',
  'markStarted',
  'recordHandled',
  'settleReply',
  'renewLease',
] as const
const OPERATIONS = [
  ...WRITES,
  'takeLease',
  'readLease',
  'releaseLease',
  'readCreds',
  'readKeys',
  'readUnhandled',
  'readPendingReplies',
] as const
const MEMORIES = ['heap', 'external', 'small-blocks', 'garbage', 'cache'] as const

/** One fault. `unlink` is left out: it ends the bot's work for good. */
export function anyFault(withinMs = 1_200_000): fc.Arbitrary<FaultInput> {
  const atMs = fc.integer({ min: 60_000, max: withinMs })
  const jitterMs = fc.constantFrom(0, 20_000)
  const forMs = fc.integer({ min: 1_000, max: 240_000 })
  const moment = { atMs, jitterMs }
  const span = { atMs, jitterMs, forMs }
  const probability = fc.double({ min: 0.05, max: 0.9, noNaN: true })
  const statusCode = fc.constantFrom(...CODES)
  const storeCode = fc.constantFrom(...STORE_CODES)
  const everyMs = fc.integer({ min: 500, max: 20_000 })
  return fc.oneof(
    fc.record({ kind: fc.constant('disconnect' as const), ...moment, statusCode }),
    fc.record({
      kind: fc.constant('storm' as const),
      ...moment,
      statusCode,
      everyMs,
      count: fc.integer({ min: 2, max: 30 }),
    }),
    fc.record({
      kind: fc.constant('refuse-logins' as const),
      ...span,
      how: fc.constantFrom('tcp' as const, 'hang' as const, 'status' as const),
    }),
    fc.record({
      kind: fc.constant('stall' as const),
      ...span,
      how: fc.constantFrom('silent' as const, 'black-hole' as const),
    }),
    fc.record({ kind: fc.constant('deaf' as const), ...moment }),
    fc.record({ kind: fc.constant('restart-loop' as const), ...span }),
    fc.record({ kind: fc.constant('duplicates' as const), ...span, probability }),
    fc.record({ kind: fc.constant('phone-off' as const), ...span }),
    fc.record({ kind: fc.constant('drop-acks' as const), ...span, probability }),
    fc.record({
      kind: fc.constant('store-latency' as const),
      ...span,
      extraMs: fc.integer({ min: 10, max: 5_000 }),
    }),
    fc.record({
      kind: fc.constant('store-outage' as const),
      ...span,
      code: storeCode,
      scope: fc.constantFrom('all' as const, 'current-dyno' as const),
    }),
    fc.record({
      kind: fc.constant('store-flaky' as const),
      ...span,
      probability,
      code: storeCode,
      isLanded: fc.constantFrom('never' as const, 'always' as const, 'either' as const),
    }),
    fc.record({
      kind: fc.constant('store-flaky' as const),
      ...span,
      probability: fc.constant(1),
      code: storeCode,
      isLanded: fc.constantFrom('never' as const, 'always' as const),
      operations: fc.subarray([...OPERATIONS], { minLength: 1, maxLength: 2 }),
    }),
    fc.record({ kind: fc.constant('dyno-restart' as const), ...moment }),
    fc.record({ kind: fc.constant('deploy' as const), ...moment }),
    fc.record({ kind: fc.constant('sigkill' as const), ...moment }),
    fc.record({
      kind: fc.constant('signal-mid-write' as const),
      ...moment,
      signal: fc.constantFrom('SIGTERM' as const, 'SIGKILL' as const),
      operation: fc.constantFrom(...WRITES),
    }),
    fc.record({
      kind: fc.constant('hang' as const),
      ...moment,
      forMs: fc.integer({ min: 1_000, max: 120_000 }),
    }),
    fc.record({
      kind: fc.constant('starve' as const),
      ...span,
      timerDelayMs: fc.integer({ min: 10, max: 2_000 }),
    }),
    fc.record({
      kind: fc.constant('clock-step' as const),
      ...moment,
      byMs: fc.integer({ min: -3_600_000, max: 3_600_000 }),
    }),
    fc.record({
      kind: fc.constant('bot-hang' as const),
      ...span,
      how: fc.constantFrom('computing' as const, 'idle' as const),
    }),
    fc.record({
      kind: fc.constant('bot-crashes' as const),
      ...span,
      withinMs: fc.integer({ min: 100, max: 20_000 }),
    }),
    fc.record({
      kind: fc.constant('bot-starve' as const),
      ...span,
      timerDelayMs: fc.integer({ min: 10, max: 2_000 }),
    }),
    fc.record({
      kind: fc.constant('slow-messages' as const),
      ...span,
      upToMs: fc.integer({ min: 10, max: 5_000 }),
    }),
    fc.record({
      kind: fc.constant('balloon' as const),
      ...moment,
      shape: fc.constantFrom('leak' as const, 'burst' as const, 'saw-tooth' as const),
      memory: fc.constantFrom(...MEMORIES),
      toMb: fc.integer({ min: 20, max: 320 }),
      mbPerSecond: fc.integer({ min: 1, max: 40 }),
      holdMs: fc.integer({ min: 0, max: 60_000 }),
    }),
  )
}
