/**
 * What Baileys may send again when a recipient could not decrypt a message. Baileys asks by the message's id and
 * would send to whoever asked; so the text is given only for the chat it was meant for, under either of the two
 * names that a user goes by.
 */

import { isPnUser, jidNormalizedUser } from '@whiskeysockets/baileys'
import type { proto } from '@whiskeysockets/baileys'

export interface SentMessage {
  readonly chat: string
  readonly text: string
}

export async function messageToResend(
  key: proto.IMessageKey,
  deps: {
    readSent(messageId: string): Promise<SentMessage | undefined>
    lidOf(phoneNumberJid: string): Promise<string | null>
  },
): Promise<proto.IMessage | undefined> {
  if (!key.id || !key.remoteJid) return undefined
  const sent = await deps.readSent(key.id)
  if (sent === undefined) return undefined
  const oneName = async (jid: string): Promise<string> => {
    const user = jidNormalizedUser(jid)
    const lid = isPnUser(user) === true ? await deps.lidOf(user) : null
    return lid === null ? user : jidNormalizedUser(lid)
  }
  const isSameChat = (await oneName(sent.chat)) === (await oneName(key.remoteJid))
  return isSameChat ? { extendedTextMessage: { text: sent.text } } : undefined
}
