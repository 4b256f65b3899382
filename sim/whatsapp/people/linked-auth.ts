/**
 * Credentials for a device that is linked already, as Baileys keeps them: the state of a client that has paired
 * and not yet logged in. Its first login uploads five one-time keys instead of 812, unless `preKeys: 'many'`.
 */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BufferJSON, initAuthCreds } from '@whiskeysockets/baileys'
import type { AuthenticationCreds, KeyPair } from '@whiskeysockets/baileys'
import { jidOf } from '../directory/jid.ts'
import { memoryAuth } from './memory-auth.ts'
import { countersign, vouchFor } from './adv-identity.ts'
import type { MemoryAuth } from './memory-auth.ts'
import type { Numbers } from '../directory/jid.ts'
import type { KeyBundle } from '../directory/key-bundle.ts'
import type { LinkedDevice } from '../directory/linked-device.ts'

export interface LinkedAuthOptions {
  /** `few`: the first login is quick (default). `many`: it uploads 812 one-time keys, as after a real pairing. */
  readonly preKeys?: 'few' | 'many'
  /** True when the client shall still expect the phone's history. Default false: `open` needs no wait for it. */
  readonly awaitsHistory?: boolean
}

/** What linking needs of an account. */
export interface AccountToLink extends Numbers {
  readonly key: KeyPair
  readonly name: string
  nextDeviceNumber(): number
  addLinkedDevice(bundle: KeyBundle, number: number): LinkedDevice
}

export interface LinkedAuth {
  readonly device: LinkedDevice
  /** For `auth.creds`; the key store beside it starts empty. */
  readonly creds: AuthenticationCreds
  /** The same with a key store in memory, for `makeWASocket({ auth })`; several sockets in turn may use it. */
  readonly auth: MemoryAuth
  /** Writes the credentials as `useMultiFileAuthState(folder)` reads them. The folder is made. */
  writeTo(folder: string): Promise<void>
}

export function makeLinkedAuth(account: AccountToLink, options: LinkedAuthOptions): LinkedAuth {
  const creds = initAuthCreds()
  const number = account.nextDeviceNumber()
  const device = account.addLinkedDevice(bundleOf(creds), number)
  const signed = vouchFor(account.key, { identity: creds.signedIdentityKey.public, keyIndex: number })
  creds.me = { id: jidOf(account, 'pn', number), lid: jidOf(account, 'lid', number), name: account.name }
  creds.account = countersign(signed, creds.signedIdentityKey)
  creds.signalIdentities = [
    {
      identifier: { name: creds.me.lid ?? '', deviceId: 0 },
      identifierKey: Buffer.concat([Buffer.from([5]), account.key.public]),
    },
  ]
  creds.platform = 'android'
  creds.registered = true
  // Clients wait up to 20 s for history unless they have synchronised before.
  creds.accountSyncCounter = options.awaitsHistory === true ? 0 : 1
  device.claimsPreKey = options.preKeys !== 'many'
  return { device, creds, auth: memoryAuth(creds), writeTo: async (folder) => writeCreds(folder, creds) }
}

function bundleOf(creds: AuthenticationCreds): KeyBundle {
  const { registrationId, signedIdentityKey, signedPreKey } = creds
  return {
    registrationId,
    identity: Buffer.from(signedIdentityKey.public),
    signedPreKey: {
      id: signedPreKey.keyId,
      value: Buffer.from(signedPreKey.keyPair.public),
      signature: Buffer.from(signedPreKey.signature),
    },
  }
}

async function writeCreds(folder: string, creds: AuthenticationCreds): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'creds.json'), JSON.stringify(creds, BufferJSON.replacer))
}
