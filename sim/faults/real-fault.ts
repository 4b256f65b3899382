/**
 * Faults at the real level: those of the virtual world that real processes can meet, under the same names and with
 * the same fields, two that pass on any fault of the fake WhatsApp or of the Postgres proxy as it is, those of a whole
 * Postgres server, and the phone's history. Times are ms of real time since the first boot.
 */

import { z } from 'zod'
import { parseFault } from '../whatsapp/faults/parse-fault.ts'
import { faultEndMs, faultSchema } from './fault.ts'
import type { Fault } from './fault.ts'

const span = {
  atMs: z.number().int().min(0),
  jitterMs: z.number().int().min(0).default(0),
  /** Lifted after so long; without it, it strikes and is over, or lasts until the run's end. */
  forMs: z.number().int().min(1).optional(),
}

/** A fault of sim/whatsapp/faults/fault.ts. */
const wireFault = z.strictObject({
  kind: z.literal('wire'),
  ...span,
  fault: z.looseObject({ kind: z.string() }).superRefine((value, context) => {
    try {
      parseFault(value)
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message })
    }
  }),
})

/** A fault of sim/postgres/fault-proxy/proxy-fault.ts. */
const proxyFault = z.strictObject({
  kind: z.literal('proxy'),
  ...span,
  fault: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('latency'),
      delayMs: z.number().min(0),
      jitterMs: z.number().min(0).default(0),
    }),
    z.strictObject({ kind: z.literal('bandwidth'), bytesPerSecond: z.number().min(1) }),
    z.strictObject({ kind: z.enum(['reset', 'black-hole', 'half-open', 'refuse', 'read-only']) }),
    z.strictObject({
      kind: z.literal('reset-at-write'),
      moment: z.enum(['unsent', 'unanswered', 'answered']),
      times: z.number().int().min(1).default(1),
    }),
    z.strictObject({ kind: z.literal('fatal'), sqlState: z.enum(['53300', '57P01', '57P03']) }),
    z.strictObject({ kind: z.literal('connection-cap'), maxConnections: z.number().int().min(0) }),
  ]),
})

/**
 * The server itself goes down, as by a crash of its machine or in order, and is back with its data after so long. The
 * run has a server of its own.
 */
const postgresServer = z.strictObject({
  kind: z.literal('postgres-server'),
  ...span,
  forMs: z.number().int().min(1),
  how: z.enum(['kill', 'stop']),
})

/** As after Heroku's failover: the database has another address, and a release with it replaces the dyno. */
const postgresFailover = z.strictObject({
  kind: z.literal('postgres-failover'),
  atMs: span.atMs,
  jitterMs: span.jitterMs,
})

/** The phone sends its chats, as after a new link: so many messages in one notification a chat. */
const historyFlood = z.strictObject({
  kind: z.literal('history-flood'),
  atMs: span.atMs,
  jitterMs: span.jitterMs,
  chats: z.number().int().min(1).max(10_000),
  messagesEach: z.number().int().min(1).max(1_000),
})

/** What needs a virtual clock, or a seam that real processes do not have, and why. */
export const VIRTUAL_ONLY: Readonly<Partial<Record<Fault['kind'], string>>> = {
  'phone-off': 'days of silence are what it is about, and an hour lasts an hour here',
  'slow-messages': 'the channel between the two processes cannot be slowed from outside',
  'store-flaky': 'single operations of the store are not known on the wire; use reset-at-write of the proxy',
  'signal-mid-write': 'the writes of one operation are not known on the wire; use the sweep of kill points',
}

const virtualFault = faultSchema.superRefine((fault, context) => {
  const reason = VIRTUAL_ONLY[fault.kind]
  if (reason !== undefined) context.addIssue({ code: 'custom', message: `${fault.kind}: ${reason}` })
})

export const realFaultSchema = z.union([
  wireFault,
  proxyFault,
  postgresServer,
  postgresFailover,
  historyFlood,
  virtualFault,
])
export type RealFault = z.output<typeof realFaultSchema>
export type RealFaultOf<Kind extends RealFault['kind']> = Extract<RealFault, { kind: Kind }>

/** When the fault is over, jitter included; one without an end counts as over when it begins. */
export function realFaultEndMs(fault: RealFault): number {
  const beginsMs = fault.atMs + fault.jitterMs
  if (fault.kind === 'history-flood' || fault.kind === 'postgres-failover') return beginsMs
  const isSpan = fault.kind === 'wire' || fault.kind === 'proxy' || fault.kind === 'postgres-server'
  return isSpan ? beginsMs + (fault.forMs ?? 0) : faultEndMs(fault)
}
