/**
 * One-time pre-keys made at login: generated, stored, and only then handed over for the upload, so that
 * nobody is offered a key that the bot does not hold. The adapters differ: plain Baileys does not wait for
 * the credentials with the next id, so a crash may bring old ids with new keys.
 */

import { Buffer } from 'node:buffer'
import type { AuthState } from '../../src/ports/whatsapp-socket.ts'
import type { PreKeyUpload } from './whatsapp-connection.ts'
import { nextPreKeyId } from './whatsapp-creds.ts'
import { FIRST_PRE_KEYS, MORE_PRE_KEYS, PRE_KEY_UPLOAD_TIMEOUT_MS } from './whatsapp-rules.ts'
import { afterMs } from './whatsapp-socket-context.ts'
import type { SocketContext } from './whatsapp-socket-context.ts'

const KEY_BYTES = 32

/**
 * Makes what the login has to add and calls `upload` once, when all is stored: with [] when nothing is
 * needed, or when storing failed or took too long (Baileys goes on, and the next login tries again).
 */
export function addPreKeys(
  context: SocketContext,
  auth: AuthState,
  onServer: number,
  upload: (keys: readonly PreKeyUpload[]) => void,
): void {
  if (onServer > MORE_PRE_KEYS) {
    upload([])
    return
  }
  let isSettled = false
  const settle = (keys: readonly PreKeyUpload[]): void => {
    timer.cancel()
    if (!isSettled) upload(keys)
    isSettled = true
  }
  const timer = afterMs(context, 'wa.pre-key-timeout', PRE_KEY_UPLOAD_TIMEOUT_MS, () => settle([]))
  makePreKeys(context, auth, onServer === 0 ? FIRST_PRE_KEYS : MORE_PRE_KEYS).then(settle, () => settle([]))
}

/** Resolves when they are stored; rejects as the auth state does. */
async function makePreKeys(
  context: SocketContext,
  auth: AuthState,
  count: number,
): Promise<readonly PreKeyUpload[]> {
  const { secureRandom, adapter } = context
  const firstId = nextPreKeyId(auth.creds)
  const stored: Record<string, unknown> = {}
  const uploads: PreKeyUpload[] = []
  for (let id = firstId; id < firstId + count; id += 1) {
    const publicKey = Buffer.from(secureRandom.bytes(KEY_BYTES))
    stored[String(id)] = { private: Buffer.from(secureRandom.bytes(KEY_BYTES)), public: publicKey }
    uploads.push({ id, publicKey: publicKey.toString('base64') })
  }
  const written = auth.keys.set({ 'pre-key': stored })
  auth.creds['nextPreKeyId'] = firstId + count
  const saved = auth.saveCreds()
  if (adapter === 'plain') {
    saved.catch(ignoreFailure)
    await written
  } else await Promise.all([written, saved])
  return uploads
}

/** For writes that a WhatsApp library starts and forgets: the auth state deals with their failure. */
export function ignoreFailure(): void {
  // Nothing to do here.
}
