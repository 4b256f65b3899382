/**
 * Rows sealed at rest with AES-256-GCM, bound to session, type and id, so that a row altered, or moved to
 * another place, does not open. Owns the row's bytes; where they are kept is the store's matter.
 * Surprising: without a key rows are plain (version 0), and stay readable when a key is set later. So whoever
 * can write the database can plant a plain row: sealing guards what the database gives away, not what it is fed.
 * Nonces are 96 random bits, good for 2^32 rows under one key (two rows a second for 68 years).
 */

import { Buffer, isUtf8 } from 'node:buffer'
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { AppError } from '../errors.ts'
import type { RowCipher, RowIdentity } from '../ports/row-cipher.ts'
import type { SecureRandom } from '../ports/secure-random.ts'

const PLAIN_VERSION = 0
const SEALED_VERSION = 1
const KEY_BYTES = 32
const KEY_ID_BYTES = 4
const NONCE_BYTES = 12
const TAG_BYTES = 16
const NONCE_AT = 1 + KEY_ID_BYTES
const CIPHERTEXT_AT = NONCE_AT + NONCE_BYTES

interface RowKey {
  /** The first bytes of the key's SHA-256: tells keys apart, gives nothing of them away. */
  readonly id: Buffer
  readonly secret: Uint8Array
}

/**
 * Row: version (1 byte), key id (4), nonce (12), ciphertext, tag (16); or version 0 and plain UTF-8.
 * @param deps.keys 32 bytes each. The first seals, all open: put a new key first to rotate. Empty: plain rows.
 * @throws AppError `config-invalid` when keys have a wrong length or cannot be told apart.
 */
export function createRowCipher(deps: {
  readonly sessionId: string
  readonly secureRandom: SecureRandom
  readonly keys: readonly Uint8Array[]
}): RowCipher {
  const { sessionId, secureRandom } = deps
  const keys = deps.keys.map(rowKeyOf)
  if (new Set(keys.map((key) => key.id.toString('hex'))).size < keys.length) {
    throw new AppError('config-invalid', 'two encryption keys are the same key')
  }
  const sealingKey = keys[0]

  return {
    seal(plain, row) {
      if (sealingKey === undefined) return plainRow(plain)
      return sealedRow(sealingKey, secureRandom.bytes(NONCE_BYTES), plain, boundData(sessionId, row))
    },
    open(sealed, row) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
      if (bytes[0] === PLAIN_VERSION) return plainTextOf(bytes, row)
      if (bytes[0] !== SEALED_VERSION || bytes.length < CIPHERTEXT_AT + TAG_BYTES) throw corrupt(row)
      const keyId = bytes.subarray(1, NONCE_AT)
      const key = keys.find((candidate) => candidate.id.equals(keyId))
      if (key === undefined) {
        throw new AppError('encryption-key-missing', `a ${row.type} row is sealed under a key not held here`)
      }
      return openedText(key, bytes, row, boundData(sessionId, row))
    },
  }
}

/** Whether a row is as this key, or no key at all, would seal it today; says nothing of whether it opens. */
export function isSealedUnder(key: Uint8Array | undefined, sealed: Uint8Array): boolean {
  if (key === undefined) return sealed[0] === PLAIN_VERSION
  const keyId = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength).subarray(1, NONCE_AT)
  return sealed[0] === SEALED_VERSION && rowKeyOf(key).id.equals(keyId)
}

function rowKeyOf(secret: Uint8Array): RowKey {
  if (secret.length !== KEY_BYTES) {
    throw new AppError('config-invalid', `an encryption key is ${KEY_BYTES} bytes, not ${secret.length}`)
  }
  return { id: createHash('sha256').update(secret).digest().subarray(0, KEY_ID_BYTES), secret }
}

/** Joined as JSON, so that no two identities give the same bytes. */
function boundData(sessionId: string, row: RowIdentity): Buffer {
  return Buffer.from(JSON.stringify([SEALED_VERSION, sessionId, row.type, row.id]))
}

function plainRow(plain: string): Buffer {
  return Buffer.concat([Buffer.of(PLAIN_VERSION), Buffer.from(plain)])
}

function plainTextOf(bytes: Buffer, row: RowIdentity): string {
  const text = bytes.subarray(1)
  // A sealed row whose version byte was altered ends here as well.
  if (!isUtf8(text)) throw corrupt(row)
  return text.toString()
}

function sealedRow(key: RowKey, nonce: Uint8Array, plain: string, bound: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key.secret, nonce)
  cipher.setAAD(bound)
  const head = Buffer.concat([Buffer.of(SEALED_VERSION), key.id, nonce])
  return Buffer.concat([head, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

function openedText(key: RowKey, bytes: Buffer, row: RowIdentity, bound: Buffer): string {
  const nonce = bytes.subarray(NONCE_AT, CIPHERTEXT_AT)
  const decipher = createDecipheriv('aes-256-gcm', key.secret, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(bound)
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
  try {
    const plain = decipher.update(bytes.subarray(CIPHERTEXT_AT, bytes.length - TAG_BYTES))
    return Buffer.concat([plain, decipher.final()]).toString()
  } catch (error) {
    throw corrupt(row, error)
  }
}

function corrupt(row: RowIdentity, cause?: unknown): AppError {
  return new AppError('store-corrupt', `a stored ${row.type} row was altered, moved or truncated`, { cause })
}
