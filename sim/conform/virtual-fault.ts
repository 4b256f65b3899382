/**
 * Which fault of the virtual world stands for one of the real level: most have the same name there, some of the wire
 * and of the Postgres proxy have a twin, and the others are said to have none. Pure.
 */

import type { Fault, FaultInput } from '../faults/fault.ts'
import { faultSchema } from '../faults/fault.ts'
import type { RealFault, RealFaultOf } from '../faults/real-fault.ts'

export type VirtualTwin = { readonly fault: Fault } | { readonly reason: string }

/** From so many on, `reset-at-write` lasts as long as its span: nobody writes more often in it. */
const ENDLESS_TIMES = 100

const WRITES = ['commit', 'recordInbound', 'markStarted', 'recordHandled', 'settleReply'] as const

/** @param untilMs the run's end: what is never lifted lasts until then */
export function virtualTwinOf(fault: RealFault, untilMs: number): VirtualTwin {
  if (fault.kind === 'wire') return wireTwin(fault, untilMs)
  if (fault.kind === 'proxy') return proxyTwin(fault, untilMs)
  if (fault.kind === 'postgres-server') {
    const { atMs, jitterMs, forMs } = fault
    return twin({ kind: 'store-outage', atMs, jitterMs, forMs })
  }
  const { data } = faultSchema.safeParse(fault)
  // The real level has words of its own beside those of the virtual world.
  return data === undefined ? none(fault.kind) : { fault: data }
}

function wireTwin({ fault, atMs, jitterMs, forMs }: RealFaultOf<'wire'>, untilMs: number): VirtualTwin {
  const moment = { atMs, jitterMs }
  const span = { ...moment, forMs: forMs ?? Math.max(1, untilMs - atMs) }
  const words: Readonly<Record<string, unknown>> = fault
  switch (fault.kind) {
    case 'login-failure':
      return twin({ kind: 'refuse-logins', ...span, how: 'status', statusCode: Number(words['reason']) })
    case 'reset-at-connect':
    case 'refuse':
      return twin({ kind: 'refuse-logins', ...span, how: 'tcp' })
    case 'no-server-hello':
      return twin({ kind: 'refuse-logins', ...span, how: 'hang' })
    case 'stall':
      return twin({ kind: 'stall', ...span, how: 'silent' })
    case 'black-hole':
      return twin({ kind: 'stall', ...span, how: 'black-hole' })
    case 'deaf':
      return forMs === undefined && words['endsWithConnection'] === true
        ? twin({ kind: 'deaf', ...moment, isMute: words['isMute'] === true })
        : none('deaf beyond one connection')
    case 'duplicate':
      return twin({ kind: 'duplicates', ...span, probability: 1 })
    case 'no-ack':
      return twin({ kind: 'drop-acks', ...span, probability: 1 })
    case 'close':
      return words['at'] === undefined ? twin({ kind: 'disconnect', ...moment }) : none('close at a moment')
    case 'stream-error':
      return typeof words['code'] === 'number' && words['at'] === undefined
        ? twin({ kind: 'disconnect', ...moment, statusCode: words['code'] })
        : none('stream-error at a moment of the login')
    default:
      return none(`${fault.kind} on the wire`)
  }
}

function proxyTwin({ fault, atMs, jitterMs, forMs }: RealFaultOf<'proxy'>, untilMs: number): VirtualTwin {
  const span = { atMs, jitterMs, forMs: forMs ?? Math.max(1, untilMs - atMs) }
  switch (fault.kind) {
    case 'latency':
      // Of one way; a call goes both.
      return twin({ kind: 'store-latency', ...span, extraMs: Math.max(1, Math.round(2 * fault.delayMs)) })
    case 'read-only':
      return twin({ kind: 'store-outage', ...span, code: 'store-read-only' })
    case 'reset-at-write':
      if (fault.times < ENDLESS_TIMES) return none('counted number of writes cut off')
      return twin({
        kind: 'store-flaky',
        ...span,
        probability: 1,
        code: fault.moment === 'unsent' ? 'store-unavailable' : 'store-outcome-unknown',
        isLanded: fault.moment === 'unsent' ? 'never' : 'always',
        operations: [...WRITES],
      })
    case 'bandwidth':
    case 'reset':
    case 'black-hole':
    case 'half-open':
    case 'refuse':
    case 'fatal':
    case 'connection-cap':
      return none(`${fault.kind} at the proxy`)
    default:
      return fault satisfies never
  }
}

function twin(input: FaultInput): VirtualTwin {
  return { fault: faultSchema.parse(input) }
}

function none(what: string): VirtualTwin {
  return { reason: `the virtual world has no ${what}` }
}
