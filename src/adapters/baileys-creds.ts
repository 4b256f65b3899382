/** Baileys' credentials behind the port's opaque ones: made, and made fit for use. */

import { initAuthCreds } from '@whiskeysockets/baileys'
import type { AuthenticationCreds } from '@whiskeysockets/baileys'
import { AppError } from '../errors.ts'
import type { Credentials } from '../ports/whatsapp-socket.ts'
import { isObject, isPaired } from './baileys-paired.ts'

export function freshCreds(): Credentials {
  return { ...initAuthCreds() }
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
