/**
 * A session as one text that can be carried to another machine: sealed under a passphrase with scrypt and
 * AES-256-GCM. Owns the format; reading and writing rows is the store's matter. The text is the magic with a format
 * number, and base64 of: checksum (8 bytes), log2 N, r, p, salt (16), nonce (12), ciphertext, tag (16). Surprising:
 * the checksum tells a damaged text from a wrong passphrase, which the seal alone could not.
 */

import { Buffer } from 'node:buffer'
import { createCipheriv, createDecipheriv, createHash, scryptSync } from 'node:crypto'
import { AppError } from '../errors.ts'
import type { SecureRandom } from '../ports/secure-random.ts'
import type { KeyChange } from '../ports/session-store.ts'

export const ARCHIVE_MAGIC = 'blacksky-session'
const FORMAT = 1
const CHECKSUM_BYTES = 8
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = 3 + SALT_BYTES + NONCE_BYTES
/** 2^15 · 8 · 128 bytes = 32 MB and about 0.1 s for each guess; a dyno can just spare that. */
const SCRYPT = { log2N: 15, r: 8, p: 1 }
const LARGEST_LOG2_N = 17
/** Base64 characters in a line. */
const LINE_CHARS = 76

export interface SessionArchive {
  /** Whose it was; it may be read into a session of another name. */
  readonly sessionId: string
  /** Wall clock of the export. */
  readonly exportedAtMs: number
  /** Serialised, as the store keeps them. */
  readonly creds: string
  readonly keys: readonly { readonly type: string; readonly id: string; readonly value: string }[]
}

/** Ends with a line break. Takes 0.1 s, blocking. */
export function sealArchive(
  archive: SessionArchive,
  passphrase: string,
  secureRandom: Pick<SecureRandom, 'bytes'>,
): string {
  const { sessionId, exportedAtMs, creds, keys } = archive
  const plain = JSON.stringify({
    sessionId,
    exportedAtMs,
    creds,
    keys: keys.map(({ type, id, value }) => [type, id, value]),
  })
  const { log2N, r, p } = SCRYPT
  const head = Buffer.concat([
    Buffer.of(log2N, r, p),
    secureRandom.bytes(SALT_BYTES),
    secureRandom.bytes(NONCE_BYTES),
  ])
  const cipher = createCipheriv('aes-256-gcm', keyOf(passphrase, head), nonceOf(head))
  cipher.setAAD(boundData(head))
  const body = Buffer.concat([head, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
  const base64 = Buffer.concat([checksumOf(body), body]).toString('base64')
  const lines = base64.match(new RegExp(`.{1,${LINE_CHARS}}`, 'g')) ?? []
  return `${ARCHIVE_MAGIC} ${FORMAT}\n${lines.join('\n')}\n`
}

/**
 * Blanks and line breaks do not matter, as a setting or a mail may have changed them.
 * @throws AppError `archive-invalid`: no export, damaged, of a newer release; `archive-locked`: another passphrase
 */
export function openArchive(text: string, passphrase: string): SessionArchive {
  const body = bodyOf(text)
  const head = body.subarray(0, HEAD_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', keyOf(passphrase, head), nonceOf(head), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(boundData(head))
  decipher.setAuthTag(body.subarray(-TAG_BYTES))
  let plain: string
  try {
    const opened = decipher.update(body.subarray(HEAD_BYTES, -TAG_BYTES))
    plain = Buffer.concat([opened, decipher.final()]).toString()
  } catch {
    throw new AppError('archive-locked', 'the session export does not open with this passphrase')
  }
  return archiveOf(plain)
}

/** As the commit of a whole session takes them. */
export function archivedKeys(archive: SessionArchive): KeyChange[] {
  return archive.keys.map(({ type, id, value }) => ({ type, id, value }))
}

/** Checked as far as it can be without the passphrase. */
function bodyOf(text: string): Buffer {
  // From its own line on: npm writes what it runs before what that says.
  const own = text.slice(Math.max(0, text.search(/^[ \t]*blacksky-session\s+\d/m)))
  const [, format, base64] = /^\s*blacksky-session\s+(\d+)\s([\s\S]*)$/.exec(own) ?? []
  if (format === undefined || base64 === undefined) throw invalid('this is no session export of this bot')
  if (Number(format) !== FORMAT) {
    throw invalid(`the session export has format ${format}; this release reads format ${FORMAT}`)
  }
  const compact = base64.replaceAll(/\s/g, '')
  const bytes = Buffer.from(compact, 'base64')
  const body = bytes.subarray(CHECKSUM_BYTES)
  const isWhole =
    bytes.toString('base64') === compact &&
    body.length > HEAD_BYTES + TAG_BYTES &&
    checksumOf(body).equals(bytes.subarray(0, CHECKSUM_BYTES))
  if (!isWhole) throw invalid('the session export is damaged or cut short: copy it once more')
  return body
}

function keyOf(passphrase: string, head: Buffer): Buffer {
  const [log2N = 0, r = 0, p = 0] = head
  // What a stranger wrote must not decide how much memory and time are spent.
  if (log2N < 1 || log2N > LARGEST_LOG2_N || r < 1 || r > 16 || p < 1 || p > 4) {
    throw invalid('the session export asks for a key derivation out of range')
  }
  const salt = head.subarray(3, 3 + SALT_BYTES)
  const options = { N: 2 ** log2N, r, p, maxmem: 2 ** log2N * r * 256 }
  // The same characters, typed on another keyboard, may be composed differently.
  return scryptSync(passphrase.normalize('NFC'), salt, 32, options)
}

function nonceOf(head: Buffer): Buffer {
  return head.subarray(3 + SALT_BYTES, HEAD_BYTES)
}

function boundData(head: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${ARCHIVE_MAGIC} ${FORMAT}`), head])
}

function checksumOf(body: Uint8Array): Buffer {
  return createHash('sha256').update(body).digest().subarray(0, CHECKSUM_BYTES)
}

function archiveOf(plain: string): SessionArchive {
  const value: unknown = JSON.parse(plain)
  if (typeof value !== 'object' || value === null) throw invalid('the session export holds no session')
  const { sessionId, exportedAtMs, creds, keys } = value as Record<string, unknown>
  const isSound =
    typeof sessionId === 'string' &&
    typeof exportedAtMs === 'number' &&
    typeof creds === 'string' &&
    Array.isArray(keys) &&
    keys.every(isKeyRow)
  if (!isSound) throw invalid('the session export holds no session')
  return { sessionId, exportedAtMs, creds, keys: keys.map(([type, id, text]) => ({ type, id, value: text })) }
}

function isKeyRow(row: unknown): row is readonly [string, string, string] {
  return Array.isArray(row) && row.length === 3 && row.every((cell) => typeof cell === 'string')
}

function invalid(message: string): AppError {
  return new AppError('archive-invalid', message)
}
