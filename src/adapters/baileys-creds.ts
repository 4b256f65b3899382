/**
 * Baileys' credentials behind the port's opaque ones. Surprising: `me` alone does not mean paired. Asking for a
 * pairing code sets it at once, and a socket that dies before the pairing ends would make the next connection a
 * login of a device that does not exist; only the signed `account` comes with the pairing itself.
 */

import { initAuthCreds } from '@whiskeysockets/baileys'
import type { AuthenticationCreds } from '@whiskeysockets/baileys'
import { AppError } from '../errors.ts'
import type { Credentials } from '../ports/whatsapp-socket.ts'

export function freshCreds(): Credentials {
  return { ...initAuthCreds() }
}

export function isPaired(creds: Credentials): boolean {
  return isObject(creds['me']) && isObject(creds['account'])
}

/**
 * The same object, to be mutated in place; without what a pairing that never ended has left.
 * @throws AppError `store-corrupt`
 */
export function usableCreds(creds: Credentials): AuthenticationCreds {
  if (!isBaileysCreds(creds)) throw new AppError('store-corrupt', 'the credentials are none of Baileys’')
  if (!isPaired(creds)) {
    delete creds.me
    creds.pairingCode = undefined
  }
  return creds
}

function isBaileysCreds(creds: Credentials): creds is Credentials & AuthenticationCreds {
  const keyPairs = ['noiseKey', 'pairingEphemeralKeyPair', 'signedIdentityKey', 'signedPreKey']
  return keyPairs.every((name) => isObject(creds[name])) && typeof creds['registrationId'] === 'number'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
