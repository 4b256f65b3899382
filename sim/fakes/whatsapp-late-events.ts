/**
 * What a dead socket still says, now and then: an ack that was under way, a message it had in hand, or one
 * more pairing code. Real sockets do, so their owner must tell generations apart. Only what could truly have
 * been said: the ack is of a message that the server took, the message is one that the server still keeps.
 */

import type { ConnectOptions } from '../../src/ports/whatsapp-socket.ts'
import type { WhatsappConnection } from './whatsapp-connection.ts'
import { inboundMessage } from './whatsapp-intake.ts'
import { ignoreFailure } from './whatsapp-pre-keys.ts'
import { LATENCY_MS, LATE_EVENT_PROBABILITY, drawMs } from './whatsapp-rules.ts'
import type { SocketContext } from './whatsapp-socket-context.ts'

const KINDS = ['ack', 'message', 'qr'] as const

/** Call once, when the socket has closed. `pairingCode` is what it last showed, if anything. */
export function speakLate(
  context: SocketContext,
  connection: WhatsappConnection,
  options: ConnectOptions,
  pairingCode: string | undefined,
): void {
  const { stream, scheduler, process } = context
  if (!stream.chance(LATE_EVENT_PROBABILITY)) return
  const firstKind = stream.integer(0, KINDS.length - 1)
  const delayMs = drawMs(stream, LATENCY_MS.lateEvent)
  scheduler.schedule('wa.late-event', delayMs, () =>
    process.deliver(() => {
      for (let turn = 0; turn < KINDS.length; turn += 1) {
        const kind = KINDS[(firstKind + turn) % KINDS.length]
        if (kind !== undefined && speak(kind, context, connection, options, pairingCode)) return
      }
    }),
  )
}

/** False when there is nothing of this kind to say. */
function speak(
  kind: (typeof KINDS)[number],
  context: SocketContext,
  connection: WhatsappConnection,
  options: ConnectOptions,
  pairingCode: string | undefined,
): boolean {
  const text = kind === 'qr' ? pairingCode : undefined
  const messageId = kind === 'ack' ? connection.lastTakenId : undefined
  const cipher = kind === 'message' ? context.server.mailbox.unackedOn(connection) : undefined
  if (text === undefined && messageId === undefined && cipher === undefined) return false
  const { number, processId: process } = connection
  context.server.record('wa.late-event', { connection: number, process, event: kind })
  if (text !== undefined) options.onEvent({ type: 'qr', text })
  if (messageId !== undefined) options.onEvent({ type: 'ack', messageId, errorCode: undefined })
  // Whether it is taken or not: no acknowledgement can leave any more.
  if (cipher !== undefined) options.accept(inboundMessage(cipher, 'notify')).catch(ignoreFailure)
  return true
}
