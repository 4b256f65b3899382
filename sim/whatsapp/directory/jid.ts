/**
 * Addresses. A person has two: by phone number (`…@s.whatsapp.net`) and by LID (`…@lid`); a device other than
 * the phone adds `:number`. The phone itself is device 0 and is written without a number.
 */

import { jidDecode, jidEncode } from '@whiskeysockets/baileys'

export type Addressing = 'pn' | 'lid'

export interface Numbers {
  /** Phone number: digits only, with the country's code. */
  readonly pn: string
  readonly lid: string
}

export interface ParsedJid {
  readonly user: string
  readonly server: string
  readonly device: number
}

export function parseJid(jid: string | undefined): ParsedJid | undefined {
  const decoded = jidDecode(jid)
  if (decoded === undefined) return undefined
  return { user: decoded.user, server: decoded.server, device: decoded.device ?? 0 }
}

export function jidOf(numbers: Numbers, addressing: Addressing, device = 0): string {
  return addressing === 'lid'
    ? jidEncode(numbers.lid, 'lid', device)
    : jidEncode(numbers.pn, 's.whatsapp.net', device)
}

export function addressingOf(jid: string | undefined): Addressing {
  return parseJid(jid)?.server === 'lid' ? 'lid' : 'pn'
}

export function isGroupJid(jid: string | undefined): jid is string {
  return parseJid(jid)?.server === 'g.us'
}
