/**
 * Whether a stanza is a sign of the account's own phone. The phone is device 0 of the account: its address has no
 * number, while those of linked devices have one, which is how other clients tell them apart, too.
 * Surprising: a linked device's stanza comes from the same person, so "from ourselves" alone would say that the phone
 * is there as long as any other device is.
 */

import { jidDecode } from '@whiskeysockets/baileys'
import type { BinaryNode, WASocket } from '@whiskeysockets/baileys'
import type { OwnIdentity } from './baileys-inbound.ts'

/** Tells of each of its stanzas on this connection. */
export function listenForPhone(
  ws: WASocket['ws'],
  deps: { me(): OwnIdentity | undefined; onSign(atMs: number): void },
): void {
  const note = (stanza: BinaryNode): void => {
    const atMs = phoneSignAtMs(stanza, deps.me())
    if (atMs !== undefined) deps.onSign(atMs)
  }
  ws.on('CB:message', note)
  ws.on('CB:receipt', note)
}

/**
 * When the phone sent this message or receipt, by the server: wall clock, ms. Undefined when it is not the phone's,
 * or says no time.
 */
export function phoneSignAtMs({ attrs }: BinaryNode, me: OwnIdentity | undefined): number | undefined {
  const author = attrs['participant'] ?? attrs['from']
  if (!isPhoneOf(me?.id, author) && !isPhoneOf(me?.lid, author)) return undefined
  const seconds = Number(attrs['t'])
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds * 1_000 : undefined
}

/** `own` names this device: its person and kind of address count, its number does not. */
function isPhoneOf(own: string | undefined, author: string | undefined): boolean {
  const we = jidDecode(own)
  const they = jidDecode(author)
  if (we === undefined || they === undefined) return false
  return they.user === we.user && they.server === we.server && (they.device ?? 0) === 0
}
