/**
 * How one message looks to one device that receives it: whom it says it is from, in which chat, and under which
 * of a person's two addresses. Pure. Ciphertext is put in by the caller.
 */

import { jidOf } from '../directory/jid.ts'
import type { Device, GroupRecord, Person } from '../directory/directory.ts'
import type { Addressing } from '../directory/jid.ts'

export type Chat =
  | { readonly kind: 'direct'; readonly with: Person; readonly addressing: Addressing }
  | { readonly kind: 'group'; readonly group: GroupRecord }

export type EnvelopeAttrs = Readonly<Record<string, string | undefined>>

/** The chat's address as its sender writes it. */
export function chatJid(chat: Chat): string {
  return chat.kind === 'group' ? chat.group.jid : jidOf(chat.with, chat.addressing)
}

/**
 * The attributes with which `recipient` receives a message of `sender` in `chat`. In a group everybody sees the
 * same; in a direct chat the sender's own other devices see whom it went to.
 */
export function envelopeFor(sender: Device, recipient: Device, chat: Chat): EnvelopeAttrs {
  const addressing = chat.kind === 'group' ? chat.group.addressing : chat.addressing
  const from = jidOf(sender.person, addressing, sender.number)
  const other = addressing === 'lid' ? 'pn' : 'lid'
  const alternative = jidOf(sender.person, other)
  const notify = sender.person.name
  if (chat.kind === 'group') {
    return {
      from: chat.group.jid,
      participant: from,
      [`participant_${other}`]: alternative,
      addressing_mode: addressing,
      notify,
    }
  }
  const toOwnDevice = recipient.person === sender.person
  return {
    from,
    [`sender_${other}`]: alternative,
    ...(addressing === 'lid' ? { addressing_mode: 'lid' } : {}),
    ...(toOwnDevice
      ? { recipient: jidOf(chat.with, addressing), [`recipient_${other}`]: jidOf(chat.with, other) }
      : {}),
    notify,
  }
}

/**
 * How a device's receipt looks to the devices of the person whose message it is about. Which device it is from is
 * said of a retry, for only then it matters who could not read, and among one person's own devices.
 */
export function receiptFor(sender: Device, chat: Chat, addressee: Person, isRetry: boolean): EnvelopeAttrs {
  const device = isRetry || sender.person === addressee ? sender.number : 0
  if (chat.kind === 'group') {
    const { addressing, jid } = chat.group
    return { from: jid, participant: jidOf(sender.person, addressing, device) }
  }
  const from = jidOf(sender.person, chat.addressing, device)
  // A receipt from another device of one's own says which chat it is about; peer messages belong to none.
  const isAboutChat = sender.person === addressee && chat.with !== addressee
  return isAboutChat ? { from, recipient: jidOf(chat.with, chat.addressing) } : { from }
}
