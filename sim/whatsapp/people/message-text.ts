/** The words of a message, whichever of its many shapes they are in; undefined when it has none. */

import { normalizeMessageContent } from '@whiskeysockets/baileys'
import type { MessageContent } from './sealed-mail.ts'

export function messageText(content: MessageContent | undefined): string | undefined {
  const inner = normalizeMessageContent(content)
  if (inner === undefined) return undefined
  const edited = inner.protocolMessage?.editedMessage
  if (edited !== undefined && edited !== null) return messageText(edited)
  const words =
    inner.conversation ??
    inner.extendedTextMessage?.text ??
    inner.imageMessage?.caption ??
    inner.videoMessage?.caption ??
    inner.documentMessage?.caption ??
    inner.reactionMessage?.text
  return words ?? undefined
}

/** The kind of content, by the name of its field: `conversation`, `imageMessage`, `reactionMessage` … */
export function messageKind(content: MessageContent): string {
  const inner = normalizeMessageContent(content) ?? {}
  const field = Object.entries(inner).find(
    ([name, value]) =>
      value !== null &&
      value !== undefined &&
      name !== 'messageContextInfo' &&
      name !== 'senderKeyDistributionMessage',
  )
  return field?.[0] ?? 'none'
}
