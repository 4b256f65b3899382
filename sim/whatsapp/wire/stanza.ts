/**
 * Stanzas as the server reads and writes them: thin helpers over Baileys' own codec and node type, so that no
 * other file touches `attrs` and `content` by hand. Attributes given as undefined are left out.
 */

import { getBinaryNodeChild, getBinaryNodeChildren } from '@whiskeysockets/baileys'
import type { BinaryNode } from '@whiskeysockets/baileys'

export type Stanza = BinaryNode

/** The server's own address. */
export const SERVER = 's.whatsapp.net'

export function stanza(
  tag: string,
  attrs: Readonly<Record<string, string | undefined>> = {},
  content?: Stanza['content'],
): Stanza {
  const given = Object.entries(attrs).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const made: Stanza = { tag, attrs: Object.fromEntries(given) }
  if (content !== undefined) made.content = content
  return made
}

export function childOf(parent: Stanza | undefined, tag: string): Stanza | undefined {
  return getBinaryNodeChild(parent, tag)
}

export function childrenOf(parent: Stanza | undefined, tag: string): Stanza[] {
  return getBinaryNodeChildren(parent, tag)
}

export function allChildren(parent: Stanza | undefined): Stanza[] {
  return Array.isArray(parent?.content) ? parent.content : []
}

/** The content as bytes; empty when there is none. Text is read as UTF-8. */
export function bytesOf(node: Stanza | undefined): Buffer {
  const content = node?.content
  if (content === undefined || Array.isArray(content)) return Buffer.alloc(0)
  return Buffer.from(content)
}

export function textOf(node: Stanza | undefined): string {
  return bytesOf(node).toString('utf8')
}

/** The messages that a receipt is about: its own id, and those in its list. */
export function idsOf(receipt: Stanza): string[] {
  const more = childrenOf(childOf(receipt, 'list'), 'item').map((item) => item.attrs['id'])
  return [receipt.attrs['id'], ...more].filter((id) => id !== undefined)
}

/** A big-endian unsigned integer, as ids of keys travel; 0 when there is none. */
export function uintOf(node: Stanza | undefined): number {
  const bytes = bytesOf(node)
  return bytes.length === 0 ? 0 : bytes.readUIntBE(0, Math.min(bytes.length, 6))
}

export function bigEndian(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  bytes.writeUIntBE(value, 0, length)
  return bytes
}

/** The present as stanzas tell it: whole seconds, in decimal. */
export function secondsNow(): string {
  return Math.floor(Date.now() / 1000).toString()
}
