/**
 * What each fault of the connection is on the wire, as plain data: the fake WhatsApp's own words for it. In the
 * virtual world a cause is handed to the bot; here the server does what makes Baileys find that cause.
 */

import type { Fault as WireFault } from '../whatsapp/faults/fault.ts'
import type { RealFaultOf } from '../faults/real-fault.ts'

export type ConnectionFault = RealFaultOf<
  | 'disconnect'
  | 'storm'
  | 'refuse-logins'
  | 'stall'
  | 'deaf'
  | 'restart-loop'
  | 'duplicates'
  | 'drop-acks'
  | 'wire'
>

/** 428 and no code at all: the connection is just gone. */
const CONNECTION_CLOSED = 428

/** A `storm` is one of them, again and again. */
export function wireFaultOf(fault: ConnectionFault): WireFault {
  switch (fault.kind) {
    case 'disconnect':
    case 'storm':
      return cutBy(fault.statusCode)
    case 'refuse-logins':
      if (fault.how === 'status') return { kind: 'login-failure', reason: fault.statusCode }
      // Where nobody listens the server would not know of the attempt: one that is reset can be counted.
      return { kind: fault.how === 'tcp' ? 'reset-at-connect' : 'no-server-hello' }
    case 'stall':
      return { kind: fault.how === 'silent' ? 'stall' : 'black-hole' }
    case 'deaf':
      return { kind: 'deaf', endsWithConnection: true, ...(fault.isMute ? { isMute: true } : {}) }
    case 'restart-loop':
      return { kind: 'stream-error', code: 515, at: 'open' }
    case 'duplicates':
      return { kind: 'duplicate' }
    case 'drop-acks':
      return { kind: 'no-ack' }
    case 'wire':
      return fault.fault as WireFault
    default:
      return fault satisfies never
  }
}

function cutBy(statusCode: number | undefined): WireFault {
  if (statusCode === undefined || statusCode === CONNECTION_CLOSED) return { kind: 'close', how: 'terminate' }
  if (statusCode === 440) return { kind: 'stream-error', child: 'conflict-replaced' }
  return { kind: 'stream-error', code: statusCode }
}
