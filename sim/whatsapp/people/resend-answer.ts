/**
 * What a phone answers to a linked device that asks it for messages which it could not read itself (a placeholder
 * resend). Pure. Surprising: for what the phone does not have there is no answer at all, as for an empty question.
 */

import { proto } from '@whiskeysockets/baileys'
import type { ReceivedMessage } from './inbox.ts'
import type { MessageContent } from './sealed-mail.ts'

const { PLACEHOLDER_MESSAGE_RESEND } = proto.Message.PeerDataOperationRequestType
const { PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE } = proto.Message.ProtocolMessage.Type

/**
 * The content of the answer, or undefined when `asked` is no such question or nothing of it is known.
 * @param known what the phone has received
 */
export function resendAnswer(
  asked: ReceivedMessage,
  known: readonly ReceivedMessage[],
): MessageContent | undefined {
  const request = asked.content.protocolMessage?.peerDataOperationRequestMessage
  const keys = asked.isOwn ? (request?.placeholderMessageResendRequest ?? []) : []
  const results = keys.flatMap(({ messageKey }) => {
    const message = known.find(({ id }) => id === messageKey?.id)
    return message === undefined ? [] : [{ placeholderMessageResendResponse: resent(message, messageKey) }]
  })
  if (results.length === 0) return undefined
  return {
    protocolMessage: {
      type: PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: {
        peerDataOperationRequestType: PLACEHOLDER_MESSAGE_RESEND,
        stanzaId: asked.id,
        peerDataOperationResult: results,
      },
    },
  }
}

/** Under the key by which it was asked for. */
function resent(
  { content, atMs }: ReceivedMessage,
  key: proto.IMessageKey | null | undefined,
): { readonly webMessageInfoBytes: Uint8Array } {
  const info = { key: key ?? {}, message: content, messageTimestamp: Math.floor(atMs / 1_000) }
  return { webMessageInfoBytes: proto.WebMessageInfo.encode(info).finish() }
}
