/**
 * The cryptography of pairing by code, the phone's half. Both sides stretch the code into a key, and send each
 * other an ephemeral key under it; a wrong code shows only when the client's last message does not open.
 */

import { createCipheriv, createDecipheriv, hkdfSync, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { Curve } from '@whiskeysockets/baileys'
import type { KeyPair } from '@whiskeysockets/baileys'

const KDF_ROUNDS = 131_072
const SALT_BYTES = 32
const CTR_IV_BYTES = 16
const GCM_IV_BYTES = 12
const KEY_BYTES = 32
const BUNDLE_INFO = 'link_code_pairing_key_bundle_encryption_key'

export class WrongPairingCodeError extends Error {
  constructor(cause: unknown) {
    super('the pairing code is not the one that the client shows', { cause })
  }
}

/** Opens the ephemeral key that the client sent under its code. */
export async function unwrapEphemeral(code: string, wrapped: Buffer): Promise<Buffer> {
  const salt = wrapped.subarray(0, SALT_BYTES)
  const iv = wrapped.subarray(SALT_BYTES, SALT_BYTES + CTR_IV_BYTES)
  const cipher = createDecipheriv('aes-256-ctr', await stretch(code, salt), iv)
  return Buffer.concat([cipher.update(wrapped.subarray(SALT_BYTES + CTR_IV_BYTES)), cipher.final()])
}

/** The phone's ephemeral key under the code. */
export async function wrapEphemeral(code: string, publicKey: Uint8Array): Promise<Buffer> {
  const salt = randomBytes(SALT_BYTES)
  const iv = randomBytes(CTR_IV_BYTES)
  const cipher = createCipheriv('aes-256-ctr', await stretch(code, salt), iv)
  return Buffer.concat([salt, iv, cipher.update(publicKey), cipher.final()])
}

export interface LinkCodeKeys {
  readonly ephemeral: KeyPair
  readonly accountKey: KeyPair
  readonly clientEphemeral: Uint8Array
  readonly clientIdentity: Uint8Array
}

/**
 * The secret under which the phone vouches for the client, from the client's last message.
 * @throws WrongPairingCodeError when the message does not open, or names other keys
 */
export function agreeOnSecret(keys: LinkCodeKeys, wrappedBundle: Buffer): Buffer {
  const shared = Curve.sharedKey(keys.ephemeral.private, keys.clientEphemeral)
  const bundle = openBundle(shared, wrappedBundle)
  const named = bundle.subarray(0, 2 * KEY_BYTES)
  if (!named.equals(Buffer.concat([keys.clientIdentity, keys.accountKey.public]))) {
    throw new WrongPairingCodeError(new Error('the bundle names other keys'))
  }
  const identities = Curve.sharedKey(keys.accountKey.private, keys.clientIdentity)
  const secret = Buffer.concat([shared, identities, bundle.subarray(2 * KEY_BYTES, 3 * KEY_BYTES)])
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), 'adv_secret', KEY_BYTES))
}

function openBundle(shared: Buffer, wrapped: Buffer): Buffer {
  const salt = wrapped.subarray(0, SALT_BYTES)
  const key = Buffer.from(hkdfSync('sha256', shared, salt, BUNDLE_INFO, KEY_BYTES))
  const body = wrapped.subarray(SALT_BYTES + GCM_IV_BYTES)
  try {
    const cipher = createDecipheriv(
      'aes-256-gcm',
      key,
      wrapped.subarray(SALT_BYTES, SALT_BYTES + GCM_IV_BYTES),
    )
    cipher.setAuthTag(body.subarray(body.length - 16))
    return Buffer.concat([cipher.update(body.subarray(0, body.length - 16)), cipher.final()])
  } catch (error) {
    throw new WrongPairingCodeError(error)
  }
}

async function stretch(code: string, salt: Uint8Array): Promise<Buffer> {
  return promisify(pbkdf2)(code, salt, KDF_ROUNDS, KEY_BYTES, 'sha256')
}
