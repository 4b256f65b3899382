/**
 * Faults as plain data: what the lab injects, and when. They only decide; the fakes obey. Times are virtual
 * ms from the start of the run, shifted by up to `jitterMs` drawn from the seed, so that each seed meets the
 * bot at another moment.
 */

import { z } from 'zod'

const timeMs = z.number().int().min(0)
const durationMs = z.number().int().min(1)
const probability = z.number().gt(0).max(1)
const jitterMs = z.number().int().min(0).default(0)
const moment = { atMs: timeMs, jitterMs }
const span = { atMs: timeMs, forMs: durationMs, jitterMs }
/** Codes with which a store call can fail by a fault. */
const storeCode = z.enum(['store-unavailable', 'store-busy', 'store-read-only', 'store-outcome-unknown'])
const storeOperation = z.enum([
  'readLease',
  'takeLease',
  'renewLease',
  'releaseLease',
  'haltSession',
  'readCreds',
  'readCredsHistory',
  'readHighestKeyId',
  'readKeys',
  'commit',
  'recordInbound',
  'readUnhandled',
  'markStarted',
  'recordHandled',
  'readPendingReplies',
  'settleReply',
  'readTakenChats',
  'readReply',
  'prune',
])

/** Faults of the connection to WhatsApp. */
const whatsappFaults = [
  z.strictObject({
    kind: z.literal('disconnect'),
    ...moment,
    statusCode: z.number().int().optional(),
    message: z.string().default('Connection Terminated'),
  }),
  z.strictObject({
    kind: z.literal('storm'),
    ...moment,
    count: z.number().int().min(1),
    everyMs: durationMs,
    statusCode: z.number().int(),
    message: z.string().default('Stream Errored'),
  }),
  z.strictObject({
    kind: z.literal('refuse-logins'),
    ...span,
    how: z.enum(['tcp', 'hang', 'status']),
    statusCode: z.number().int().default(503),
  }),
  z.strictObject({ kind: z.literal('stall'), ...span, how: z.enum(['silent', 'black-hole']) }),
  /** `isMute`: the bot's own messages are not even confirmed. Either way the next connection is well. */
  z.strictObject({ kind: z.literal('deaf'), ...moment, isMute: z.boolean().default(false) }),
  z.strictObject({ kind: z.literal('restart-loop'), ...span }),
  z.strictObject({ kind: z.literal('unlink'), ...moment }),
  /** The account's phone is off, or has no network: linked devices go on without it. */
  z.strictObject({ kind: z.literal('phone-off'), ...span }),
  z.strictObject({ kind: z.literal('duplicates'), ...span, probability }),
  z.strictObject({ kind: z.literal('drop-acks'), ...span, probability }),
] as const

/**
 * Faults of the database, drawn above the store. `isLanded`: the statement took effect all the same.
 * `operations`: only these fail, and all others go on.
 */
const storeFaults = [
  z.strictObject({ kind: z.literal('store-latency'), ...span, extraMs: durationMs }),
  z.strictObject({
    kind: z.literal('store-outage'),
    ...span,
    code: storeCode.default('store-unavailable'),
    answerMs: timeMs.default(5),
    scope: z.enum(['all', 'current-dyno']).default('all'),
  }),
  z.strictObject({
    kind: z.literal('store-flaky'),
    ...span,
    probability,
    code: storeCode,
    isLanded: z.enum(['never', 'always', 'either']),
    operations: z.array(storeOperation).min(1).optional(),
  }),
] as const

/** Faults of the dyno, its process and its clock. */
const dynoFaults = [
  /** `repeatAfterMs`: a second SIGTERM follows so much later, whatever Heroku's dice say. */
  z.strictObject({
    kind: z.literal('dyno-restart'),
    ...moment,
    repeatAfterMs: durationMs.optional(),
  }),
  z.strictObject({ kind: z.literal('deploy'), ...moment }),
  z.strictObject({ kind: z.literal('sigkill'), ...moment }),
  z.strictObject({
    kind: z.literal('signal-mid-write'),
    ...moment,
    signal: z.enum(['SIGTERM', 'SIGKILL']),
    operation: z.enum([
      'commit',
      'recordInbound',
      'markStarted',
      'recordHandled',
      'settleReply',
      'renewLease',
    ]),
  }),
  z.strictObject({ kind: z.literal('hang'), ...span }),
  z.strictObject({ kind: z.literal('starve'), ...span, timerDelayMs: durationMs }),
  z.strictObject({ kind: z.literal('clock-step'), ...moment, byMs: z.number().int() }),
] as const

/** Faults of the bot's process alone: its dyno and its supervisor are sound. */
const botFaults = [
  /** Its event loop blocks; it goes on after `forMs` unless it was ended before. */
  z.strictObject({ kind: z.literal('bot-hang'), ...span, how: z.enum(['computing', 'idle']) }),
  /** Each process fails within so long of its start. */
  z.strictObject({ kind: z.literal('bot-crashes'), ...span, withinMs: durationMs }),
  /** It gets so little CPU that each of its timers is so late. */
  z.strictObject({ kind: z.literal('bot-starve'), ...span, timerDelayMs: durationMs }),
  /** Messages between it and its supervisor take up to so much longer. */
  z.strictObject({ kind: z.literal('slow-messages'), ...span, upToMs: durationMs }),
] as const

/** Memory that something inside the bot's process takes. */
const memoryFaults = [
  z.strictObject({
    kind: z.literal('balloon'),
    ...moment,
    shape: z.enum(['leak', 'burst', 'saw-tooth']),
    memory: z.enum(['heap', 'external', 'small-blocks', 'garbage', 'cache']),
    toMb: z.number().positive(),
    mbPerSecond: z.number().positive(),
    holdMs: timeMs.default(0),
    followsRestart: z.boolean().default(false),
  }),
] as const

export const faultSchema = z.discriminatedUnion('kind', [
  ...whatsappFaults,
  ...storeFaults,
  ...dynoFaults,
  ...botFaults,
  ...memoryFaults,
])

/** A fault as the run uses it, defaults filled in. */
export type Fault = z.output<typeof faultSchema>
/** A fault as a scenario's author writes it. */
export type FaultInput = z.input<typeof faultSchema>
export type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { kind: Kind }>

/** When the fault is over, jitter included; a moment's fault is over at once. */
export function faultEndMs(fault: Fault): number {
  const startMs = fault.atMs + fault.jitterMs
  if ('forMs' in fault) return startMs + fault.forMs
  if (fault.kind === 'storm') return startMs + fault.count * fault.everyMs
  if (fault.kind === 'balloon')
    return startMs + Math.ceil((fault.toMb / fault.mbPerSecond) * 1_000) + fault.holdMs
  return startMs
}
