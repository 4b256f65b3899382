/**
 * Media as the simulated people handle it: a file is sealed with a key of its own, kept on the media host, and
 * the key travels in the message. WhatsApp seals alike: AES-256-CBC and ten bytes of HMAC, with keys derived
 * from the media key by the kind of file.
 */

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { getMediaKeys, normalizeMessageContent } from '@whiskeysockets/baileys'
import type { proto } from '@whiskeysockets/baileys'
import type { MediaHost } from './media-host.ts'

export type MediaKind = 'image' | 'video' | 'audio' | 'document' | 'sticker'

export interface MediaOptions {
  /** Default: the usual one of the kind. */
  readonly mimetype?: string
  /** Of image, video and document. */
  readonly caption?: string
  /** Of a document. Default `file`. */
  readonly fileName?: string
  /** Audio that was spoken into the phone. Default false. */
  readonly isVoiceNote?: boolean
}

const MIME_TYPES: Readonly<Record<MediaKind, string>> = {
  image: 'image/jpeg',
  video: 'video/mp4',
  audio: 'audio/ogg; codecs=opus',
  document: 'application/octet-stream',
  sticker: 'image/webp',
}
/** The host's paths know no stickers: they go where images go, as Baileys sends them. */
const HOST_KINDS: Readonly<Record<MediaKind, string>> = {
  image: 'image',
  video: 'video',
  audio: 'audio',
  document: 'document',
  sticker: 'image',
}
const MAC_BYTES = 10

/** Puts the file on the host. @returns what a contact can `say` @throws RangeError for a file above the host's limits */
export async function mediaMessage(
  host: MediaHost,
  kind: MediaKind,
  plain: Uint8Array,
  options: MediaOptions = {},
): Promise<proto.IMessage> {
  if (!(kind in MIME_TYPES)) {
    throw new TypeError(`"${kind}" is no kind of media: ${Object.keys(MIME_TYPES).join(', ')}`)
  }
  const mediaKey = randomBytes(32)
  const sealed = await seal(plain, mediaKey, kind)
  const directPath = host.store.put(HOST_KINDS[kind], sealed)
  const content = {
    url: host.urlOf(directPath),
    directPath,
    mediaKey,
    mediaKeyTimestamp: Math.floor(Date.now() / 1_000),
    mimetype: options.mimetype ?? MIME_TYPES[kind],
    fileLength: plain.length,
    fileSha256: sha256(plain),
    fileEncSha256: sha256(sealed),
    ...(options.caption === undefined ? {} : { caption: options.caption }),
    ...(kind === 'document' ? { fileName: options.fileName ?? 'file' } : {}),
    ...(kind === 'audio' ? { ptt: options.isVoiceNote ?? false } : {}),
  }
  return { [`${kind}Message`]: content }
}

/**
 * The plain bytes of the file that a message speaks of, checked as a phone checks them.
 * @throws Error when the message has no media, the host no longer has the file, or it is not what was sealed
 */
export async function mediaOf(host: MediaHost, message: proto.IMessage): Promise<Buffer> {
  const inner = normalizeMessageContent(message) ?? {}
  for (const kind of Object.keys(MIME_TYPES) as MediaKind[]) {
    const content = inner[`${kind}Message`]
    if (content === undefined || content === null) continue
    const found = host.store.take(content.directPath ?? '')
    if (found.outcome !== 'found') throw new Error(`the ${kind} is not on the media host (any more)`)
    return open(found.content, Buffer.from(content.mediaKey ?? []), kind)
  }
  throw new Error('the message carries no media')
}

async function seal(plain: Uint8Array, mediaKey: Buffer, kind: MediaKind): Promise<Buffer> {
  const { iv, cipherKey, macKey } = await keysOf(mediaKey, kind)
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv)
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([ciphertext, mac(macKey, iv, ciphertext)])
}

async function open(sealed: Buffer, mediaKey: Buffer, kind: MediaKind): Promise<Buffer> {
  const { iv, cipherKey, macKey } = await keysOf(mediaKey, kind)
  const ciphertext = sealed.subarray(0, -MAC_BYTES)
  if (!timingSafeEqual(mac(macKey, iv, ciphertext), sealed.subarray(-MAC_BYTES))) {
    throw new Error(`the ${kind} on the media host is not the one that was sealed`)
  }
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv)
  return Buffer.concat([decipher.update(ciphertext), decipher.final()])
}

async function keysOf(mediaKey: Buffer, kind: MediaKind) {
  const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, kind)
  if (macKey === undefined || macKey === null) throw new Error('Baileys derives no MAC key')
  return { iv, cipherKey, macKey }
}

function mac(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Buffer {
  return createHmac('sha256', key).update(iv).update(ciphertext).digest().subarray(0, MAC_BYTES)
}

function sha256(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest()
}
