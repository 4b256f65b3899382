/**
 * AES-256-GCM as the Noise protocol uses it: the nonce is eight zero bytes and a big-endian counter, the tag
 * stands behind the ciphertext.
 */

import { createCipheriv, createDecipheriv } from 'node:crypto'

const TAG_BYTES = 16
const NO_DATA: Uint8Array = Buffer.alloc(0)

export function seal(key: Uint8Array, counter: number, plain: Uint8Array, associated = NO_DATA): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce(counter))
  cipher.setAAD(associated)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** @throws Error when the tag does not fit key, counter and associated data */
export function unseal(key: Uint8Array, counter: number, sealed: Uint8Array, associated = NO_DATA): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(counter))
  decipher.setAAD(associated)
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()])
}

function nonce(counter: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(counter, 8)
  return bytes
}
