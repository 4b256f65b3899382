/**
 * The fake WhatsApp's own keys, the same in every process, so that a server and a client that trusts it agree. Apart
 * from the certificates, because who only names the root need not load Baileys.
 */

import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'

const PKCS8_X25519_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex')

/** Public key of the root that signs every fake server's chain. */
export function fakeRootKey(): Buffer {
  return publicKeyOf(fixedPrivateKey('root'))
}

export function fixedPrivateKey(role: 'root' | 'server'): Buffer {
  const key = createHash('sha256').update(`${role} of the fake WhatsApp`).digest()
  // Clamped as Curve25519 demands of a private key.
  key.writeUInt8(key.readUInt8(0) & 248, 0)
  key.writeUInt8((key.readUInt8(31) & 127) | 64, 31)
  return key
}

export function publicKeyOf(privateKey: Buffer): Buffer {
  const der = Buffer.concat([PKCS8_X25519_HEAD, privateKey])
  const jwk = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).export({
    format: 'jwk',
  })
  return Buffer.from(jwk.x ?? '', 'base64url')
}
