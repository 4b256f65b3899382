/**
 * Messages from the bot as the server takes them: judged by ratchet step, recognised by id, acknowledged.
 * The surprise: an ack confirms each arrival, so a message sent twice under one id is acknowledged twice and
 * shown once.
 */

import type { OutgoingMessage } from '../../src/ports/whatsapp-socket.ts'
import type { ServerContext, WhatsappConnection } from './whatsapp-connection.ts'
import type { SendStep } from './whatsapp-ratchet.ts'
import { LATENCY_MS, drawMs } from './whatsapp-rules.ts'

export function takeMessage(
  context: ServerContext,
  connection: WhatsappConnection,
  message: OutgoingMessage,
  step: SendStep,
): void {
  // What was under way when the server closed the connection is lost.
  if (connection.stage === 'closed') return
  const { faults, truth, stream, scheduler, senders } = context
  const { id, chat, text } = message
  recordFinding(context, connection, message, step)
  senders.noteAnswer(chat, step.chain)
  const { code, probability } = faults.errorAckRule
  if (probability > 0 && stream.chance(probability)) {
    faults.strike('error-ack')
    truth.chat(chat).refusals += 1
    context.record('wa.send-refused', { connection: connection.number, id, chat, code })
    acknowledge(context, connection, id, code)
    return
  }
  const isDuplicateId = truth.noteSent(message, scheduler.nowMs)
  connection.lastTakenId = id
  const { chain, counter } = step
  const { number, processId: process } = connection
  context.record('wa.sent', { connection: number, process, id, chat, chain, counter, isDuplicateId, text })
  acknowledge(context, connection, id, undefined)
  context.phone.receive()
}

function recordFinding(
  context: ServerContext,
  connection: WhatsappConnection,
  message: OutgoingMessage,
  step: SendStep,
): void {
  const { truth } = context
  const { id, chat, text } = message
  const finding = truth.judgeStep(chat, step, id)
  if (finding.kind === 'fresh') return
  const { chain, counter } = step
  const base = { connection: connection.number, process: connection.processId, id, chat, chain, counter }
  if (finding.kind === 'stale') {
    context.record('wa.stale-ratchet', { ...base, reason: finding.reason })
    return
  }
  const { firstId } = finding
  const isSameText = truth.outgoing.get(firstId)?.text === text
  context.record('wa.counter-reused', { ...base, firstId, isSameText })
}

function acknowledge(
  context: ServerContext,
  connection: WhatsappConnection,
  messageId: string,
  errorCode: number | undefined,
): void {
  const { faults, stream } = context
  if (connection.deafness === 'mute') {
    faults.strike('deaf')
    return
  }
  if (faults.dropAckProbability > 0 && stream.chance(faults.dropAckProbability)) {
    faults.strike('drop-ack')
    return
  }
  const { client } = connection
  connection.toClient.send(drawMs(stream, LATENCY_MS.oneWay), () => client.onAck(messageId, errorCode))
}
