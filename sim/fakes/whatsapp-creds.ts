/**
 * The credentials that the fake's WhatsApp library keeps: a plain object with byte arrays inside, as Baileys'
 * are, so that a store's codec meets both. Mutated in place by the socket. `me` present means paired; nothing
 * else does (Baileys looks at nothing else when it chooses between login and registration).
 */

import { Buffer } from 'node:buffer'
import type { Credentials } from '../../src/ports/whatsapp-socket.ts'
import type { DeviceIdentity, Hello } from './whatsapp-connection.ts'

const KEY_BYTES = 32

/** @param bytes the source of key material */
export function makeCreds(bytes: (sizeBytes: number) => Uint8Array): Credentials {
  const key = (): Buffer => Buffer.from(bytes(KEY_BYTES))
  return {
    deviceId: '',
    registrationId: key().readUInt16LE(0) & 0x3fff,
    noiseKey: { private: key(), public: key() },
    signedIdentityKey: { private: key(), public: key() },
    advSecretKey: key().toString('base64'),
    nextPreKeyId: 1,
  }
}

export function isPairedCreds(creds: Credentials): boolean {
  return typeof creds['me'] === 'object' && creds['me'] !== null
}

export function setIdentity(creds: Credentials, identity: DeviceIdentity): void {
  creds['deviceId'] = identity.deviceId
  creds['me'] = { id: identity.jid }
}

/** What the server sees of these credentials. A key that is no byte array any more shows as ''. */
export function helloOf(creds: Credentials): Hello {
  const { deviceId } = creds
  return {
    isPaired: isPairedCreds(creds),
    deviceId: typeof deviceId === 'string' ? deviceId : '',
    noiseKey: noiseKeyText(creds),
  }
}

/** The text of a pairing code, as Baileys builds it. */
export function pairingCodeText(ref: string, creds: Credentials): string {
  return `https://wa.me/settings/linked_devices#${ref},${noiseKeyText(creds)},${String(creds['advSecretKey'])},1`
}

/** The id of the next pre-key, ≥ 1. */
export function nextPreKeyId(creds: Credentials): number {
  const { nextPreKeyId: id } = creds
  return typeof id === 'number' ? id : 1
}

export function noiseKeyText(creds: Credentials): string {
  const { noiseKey } = creds
  if (typeof noiseKey !== 'object' || noiseKey === null || !('public' in noiseKey)) return ''
  return noiseKey.public instanceof Uint8Array ? Buffer.from(noiseKey.public).toString('base64') : ''
}
