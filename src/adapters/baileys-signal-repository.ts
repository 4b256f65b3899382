/**
 * Baileys' Signal repository with transactions of its own, so that no ciphertext leaves before its ratchet step
 * is committed. Plain Baileys writes to the socket inside a transaction and commits afterwards: after a crash in
 * between, one key encrypts two texts. Baileys' own commit retries are off: repeating is the store's matter.
 * Surprising: a message is offered to the bot inside the transaction of its decryption. If the bot takes it and
 * the process dies before the commit, the server's copy decrypts again and the bot knows it; the other way round
 * that copy would be a used-up key, and Baileys tells the server to forget a first message that fails so.
 */

import {
  DEFAULT_CONNECTION_CONFIG,
  addTransactionCapability,
  isHostedPnUser,
  isPnUser,
  jidDecode,
} from '@whiskeysockets/baileys'
import type {
  LIDMapping,
  SignalCreds,
  SignalKeyStore,
  SignalRepositoryWithLIDStore,
} from '@whiskeysockets/baileys'
import assert from 'node:assert/strict'
import type { BoundedCache } from './baileys-caches.ts'
import type { BaileysLogger } from './baileys-logger.ts'
import { ONE_ATTEMPT } from './baileys-options.ts'
import { harmlessSearches, searchingSessions } from './baileys-sessions.ts'

export interface SignalRepositoryDeps {
  readonly creds: SignalCreds
  readonly keys: SignalKeyStore
  readonly logger: BaileysLogger
  /** Asks the server for the LIDs of phone numbers; Baileys gives it. */
  readonly lidsOf: ((jids: string[]) => Promise<LIDMapping[] | undefined>) | undefined
  readonly lidMappings: BoundedCache
  readonly intake: {
    /** Awaited before the decryption's step is committed; a rejection rolls the step back. */
    decrypted(ciphertext: Uint8Array, plaintext: Uint8Array): Promise<void>
    whileAsking<T>(question: () => Promise<T>): Promise<T>
  }
  /** A ciphertext for this device, or group, is committed and about to leave. */
  onEncrypted(recipient: string): void
}

export function createSignalRepository(deps: SignalRepositoryDeps): SignalRepositoryWithLIDStore {
  const { creds, logger, lidsOf, intake } = deps
  const keys = addTransactionCapability(deps.keys, logger, ONE_ATTEMPT)
  const asking = lidsOf && ((jids: string[]) => intake.whileAsking(() => lidsOf(jids)))
  const auth = { creds, keys: harmlessSearches(keys) }
  const base = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, asking)
  boundLidMappings(base, deps.lidMappings)

  /** A transaction that excludes all others of the same user, by whichever of its two names they go. */
  const withUser = async <T>(jid: string, work: () => Promise<T>): Promise<T> =>
    keys.transaction(work, await userOf(base, jid))

  return {
    ...base,
    decryptMessage: (message) =>
      withUser(message.jid, async () => {
        const decrypt = (): Promise<Uint8Array> => base.decryptMessage(message)
        const plaintext = await (message.type === 'msg' ? searchingSessions(decrypt) : decrypt())
        await intake.decrypted(message.ciphertext, plaintext)
        return plaintext
      }),
    decryptGroupMessage: (message) =>
      keys.transaction(async () => {
        const plaintext = await base.decryptGroupMessage(message)
        await intake.decrypted(message.msg, plaintext)
        return plaintext
      }, message.group),
    encryptMessage: async (message) => {
      const encrypted = await withUser(message.jid, () => base.encryptMessage(message))
      deps.onEncrypted(message.jid)
      return encrypted
    },
    encryptGroupMessage: async (message) => {
      const encrypted = await base.encryptGroupMessage(message)
      deps.onEncrypted(message.group)
      return encrypted
    },
    injectE2ESession: (session) => withUser(session.jid, () => base.injectE2ESession(session)),
    migrateSession: (fromJid, toJid) =>
      keys.transaction(() => base.migrateSession(fromJid, toJid), jidDecode(fromJid)?.user ?? fromJid),
  }
}

/**
 * Sessions are kept under the LID as soon as it is known, while Baileys locks by the address it was given: the
 * same session could be stepped by an encryption and a decryption at once, and one step be lost.
 */
async function userOf(repository: SignalRepositoryWithLIDStore, jid: string): Promise<string> {
  const isPhoneNumber = isPnUser(jid) === true || isHostedPnUser(jid) === true
  const lid = isPhoneNumber ? await repository.lidMapping.getLIDForPN(jid) : undefined
  return jidDecode(lid ?? jid)?.user ?? jid
}

/** Its cache has no bound and no option; one timer an entry besides. */
function boundLidMappings(repository: SignalRepositoryWithLIDStore, cache: BoundedCache): void {
  assert(Reflect.has(repository.lidMapping, 'mappingCache'), 'the LID mapping has no cache to replace')
  Reflect.set(repository.lidMapping, 'mappingCache', cache)
}
