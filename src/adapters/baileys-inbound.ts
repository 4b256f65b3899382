/**
 * What a decrypted stanza says to the bot: addresses, time and the command text. Decisions only, no side effects.
 * Passed by: what only distributes keys (the message itself follows), status posts, newsletters and broadcast
 * lists, which no command comes from. Surprising: only what Signal decrypted comes here at all. Baileys also takes
 * `<plaintext>` children, from anyone and unproven, and those never reach the bot.
 */

import {
  decodeMessageNode,
  isJidBroadcast,
  isJidGroup,
  isJidNewsletter,
  jidNormalizedUser,
  proto,
  unpadRandomMax16,
} from '@whiskeysockets/baileys'
import type { BinaryNode } from '@whiskeysockets/baileys'
import type { InboundMessage } from '../ports/whatsapp-socket.ts'

export interface OwnIdentity {
  readonly id: string
  readonly lid?: string | undefined
}

type Content = proto.IMessage
type Wrapper = keyof Content & `${string}Message${'' | 'V2' | 'V2Extension'}`

/** Around the true message: disappearing, view once, a document's caption, … An edit is no wrapper: see below. */
const WRAPPERS = [
  'ephemeralMessage',
  'viewOnceMessage',
  'viewOnceMessageV2',
  'viewOnceMessageV2Extension',
  'documentWithCaptionMessage',
  'associatedChildMessage',
  'groupMentionedMessage',
] as const satisfies readonly Wrapper[]
const MAX_WRAPPERS = 5

/** Fields of a message that is nothing but the key for the messages to follow. */
const KEY_FIELDS = [
  'senderKeyDistributionMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
  'messageContextInfo',
]

/**
 * `plaintext` as Signal decrypted it, padding included. Empty when the stanza holds nothing for the bot, and when
 * it cannot be read: then Baileys, too, fails on it and asks the sender again.
 */
export function inboundMessagesOf(
  stanza: BinaryNode,
  plaintext: Uint8Array,
  me: OwnIdentity,
): readonly InboundMessage[] {
  const decoded = decode(stanza, plaintext, me)
  if (decoded === undefined) return []
  const { key, message } = decoded
  const isFromMe = key.fromMe === true
  // A contact may send such a wrapper too; from anybody but ourselves it means nothing.
  const content = (isFromMe ? message.deviceSentMessage?.message : undefined) ?? message
  if (Object.keys(content).every((field) => KEY_FIELDS.includes(field))) return []
  const resent = isFromMe ? resentMessagesOf(content) : []
  if (resent.length > 0) return resent
  return addressed(key, {
    sentAtMs: secondsToMs(stanza.attrs['t']),
    text: textOf(content),
    kind: stanza.attrs['offline'] === undefined ? 'notify' : 'append',
  })
}

/** The text or caption, '' where there is none: an edit, a reaction or a protocol message is no command. */
export function textOf(message: Content): string {
  let content: Content | null | undefined = message
  for (let depth = 0; depth < MAX_WRAPPERS; depth += 1) {
    const wrapper: (typeof WRAPPERS)[number] | undefined = WRAPPERS.find((name) => content?.[name])
    if (wrapper === undefined) break
    content = content?.[wrapper]?.message
  }
  return (
    content?.conversation ||
    content?.extendedTextMessage?.text ||
    content?.imageMessage?.caption ||
    content?.videoMessage?.caption ||
    content?.documentMessage?.caption ||
    ''
  )
}

function decode(
  stanza: BinaryNode,
  plaintext: Uint8Array,
  me: OwnIdentity,
): { readonly key: proto.IMessageKey; readonly message: Content } | undefined {
  try {
    const { key } = decodeMessageNode(stanza, me.id, me.lid ?? '').fullMessage
    return { key, message: proto.Message.decode(unpadRandomMax16(plaintext)) }
  } catch {
    return undefined
  }
}

/** Our own phone's answer when it was asked for a message that could not be decrypted. */
function resentMessagesOf(content: Content): readonly InboundMessage[] {
  const answer = content.protocolMessage?.peerDataOperationRequestResponseMessage
  return (answer?.peerDataOperationResult ?? []).flatMap(({ placeholderMessageResendResponse }) => {
    const bytes = placeholderMessageResendResponse?.webMessageInfoBytes
    if (!bytes) return []
    const { key, message, messageTimestamp } = proto.WebMessageInfo.decode(bytes)
    if (!key || !message) return []
    return addressed(key, {
      sentAtMs: secondsToMs(messageTimestamp?.toString()),
      text: textOf(message),
      kind: 'append',
    })
  })
}

function addressed(
  key: proto.IMessageKey,
  rest: Pick<InboundMessage, 'sentAtMs' | 'text' | 'kind'>,
): readonly InboundMessage[] {
  const { id, remoteJid, participant } = key
  if (!id || !remoteJid || isJidBroadcast(remoteJid) || isJidNewsletter(remoteJid)) return []
  return [
    {
      id,
      chat: jidNormalizedUser(remoteJid),
      participant: isJidGroup(remoteJid) ? jidNormalizedUser(participant ?? undefined) : '',
      isFromMe: key.fromMe === true,
      ...rest,
    },
  ]
}

/** An unreadable time counts as long ago. */
function secondsToMs(seconds: string | undefined): number {
  const value = Number(seconds)
  return Number.isFinite(value) ? value * 1_000 : 0
}
