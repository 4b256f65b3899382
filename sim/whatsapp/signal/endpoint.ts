/**
 * One simulated device's half of Signal: identity, bundles, 1:1 sessions. Every operation runs alone, in order.
 * Sessions are stored serialized, so an attempt that fails leaves nothing behind. Keys are made on first use,
 * which keeps a server cheap that never needs them.
 */

import { randomInt } from 'node:crypto'
import { ProtocolAddress, SessionBuilder, SessionCipher } from 'libsignal'
import type { SessionRecord, SignalStorage } from 'libsignal'
import { Curve, generateSignalPubKey, signedKeyPair } from '@whiskeysockets/baileys'
import type { KeyPair, SignedKeyPair } from '@whiskeysockets/baileys'
import {
  acceptSession,
  closeOpenSession,
  decryptWithSession,
  newRecord,
  openRecord,
  readPreKeyMessage,
} from './libsignal-internals.ts'
import { TaskQueue } from '../task-queue.ts'
import type { KeyBundle } from '../directory/key-bundle.ts'

const KEPT_SESSIONS = 30

export type SealedType = 'pkmsg' | 'msg'

export interface Sealed {
  readonly type: SealedType
  readonly content: Buffer
}

interface OwnKeys {
  readonly identity: KeyPair
  readonly registrationId: number
}

export class SignalEndpoint {
  readonly #queue = new TaskQueue()
  readonly #sessions = new Map<string, Uint8Array>()
  readonly #preKeys = new Map<number, KeyPair>()
  readonly #identity: KeyPair | undefined
  readonly #storage: SignalStorage
  #keys: OwnKeys | undefined
  /** Apart from the other keys: a signature costs 6 ms, and whoever only writes to others never shows it. */
  #signedPreKey: SignedKeyPair | undefined
  #nextPreKeyId = 1

  /** @param identity the key pair that others know this device by; made when needed if not given */
  constructor(identity?: KeyPair) {
    this.#identity = identity
    this.#storage = this.#makeStorage()
  }

  get registrationId(): number {
    return this.#own().registrationId
  }

  /** Addresses (`lid.device`) with an open session. */
  openSessions(): string[] {
    return [...this.#sessions.keys()].filter((address) => this.hasSession(address))
  }

  hasSession(address: string): boolean {
    const stored = this.#sessions.get(address)
    return stored !== undefined && openRecord(stored).haveOpenSession()
  }

  forgetSessions(): void {
    this.#sessions.clear()
  }

  takeBundle(): KeyBundle {
    const { identity, registrationId } = this.#own()
    const signedPreKey = this.#ownSignedPreKey()
    const id = this.#nextPreKeyId++
    const pair = Curve.generateKeyPair()
    this.#preKeys.set(id, pair)
    return {
      registrationId,
      identity: Buffer.from(identity.public),
      signedPreKey: {
        id: signedPreKey.keyId,
        value: Buffer.from(signedPreKey.keyPair.public),
        signature: Buffer.from(signedPreKey.signature),
      },
      preKey: { id, value: Buffer.from(pair.public) },
    }
  }

  /** Starts a session from the bundle, closing the one there was. */
  async startSession(address: string, bundle: KeyBundle): Promise<void> {
    await this.#queue.run(async () => {
      this.#closeSession(address)
      await new SessionBuilder(this.#storage, toProtocolAddress(address)).initOutgoing(toSession(bundle))
    })
  }

  /** @throws Error when there is no session with the address */
  async seal(address: string, plain: Uint8Array): Promise<Sealed> {
    return this.#queue.run(async () => {
      const cipher = new SessionCipher(this.#storage, toProtocolAddress(address))
      const { type, body } = await cipher.encrypt(Buffer.from(plain))
      return { type: type === 3 ? 'pkmsg' : 'msg', content: Buffer.from(body, 'binary') }
    })
  }

  /** @throws Error when no session of the address opens it */
  async unseal(address: string, sealed: Sealed): Promise<Buffer> {
    return this.#queue.run(async () =>
      sealed.type === 'pkmsg'
        ? this.#unsealFirst(address, sealed.content)
        : this.#unsealNext(address, sealed.content),
    )
  }

  async #unsealFirst(address: string, content: Buffer): Promise<Buffer> {
    const message = readPreKeyMessage(content)
    const stored = this.#sessions.get(address)
    const record = stored === undefined ? newRecord() : openRecord(stored)
    if (record.getSession(message.baseKey) === undefined) closeOpenSession(record, KEPT_SESSIONS)
    const to = toProtocolAddress(address)
    const usedPreKey = await acceptSession(this.#storage, to, record, message)
    const session = record.getSession(message.baseKey)
    if (session === undefined) throw new Error('the first message made no session')
    const plain = await decryptWithSession(this.#storage, to, session, message.message)
    this.#sessions.set(address, record.serialize())
    if (usedPreKey !== undefined) this.#preKeys.delete(usedPreKey)
    return plain
  }

  async #unsealNext(address: string, content: Buffer): Promise<Buffer> {
    const stored = this.#sessions.get(address)
    if (stored === undefined) throw new Error('No session record')
    const count = openRecord(stored).getSessions().length
    let lastError: unknown
    for (let index = 0; index < count; index += 1) {
      const record = openRecord(stored)
      const session = record.getSessions()[index]
      if (session === undefined) break
      try {
        const to = toProtocolAddress(address)
        const plain = await decryptWithSession(this.#storage, to, session, content)
        session.indexInfo.used = Date.now()
        this.#sessions.set(address, record.serialize())
        return plain
      } catch (error) {
        lastError = error
      }
    }
    throw new Error('No matching sessions found for message', { cause: lastError })
  }

  #closeSession(address: string): void {
    const stored = this.#sessions.get(address)
    if (stored === undefined) return
    const record = openRecord(stored)
    closeOpenSession(record, KEPT_SESSIONS)
    this.#sessions.set(address, record.serialize())
  }

  #own(): OwnKeys {
    if (this.#keys === undefined) {
      const identity = this.#identity ?? Curve.generateKeyPair()
      this.#keys = { identity, registrationId: randomInt(1, 16_380) }
    }
    return this.#keys
  }

  #ownSignedPreKey(): SignedKeyPair {
    return (this.#signedPreKey ??= signedKeyPair(this.#own().identity, 1))
  }

  #makeStorage(): SignalStorage {
    return {
      loadSession: async (id) => {
        const stored = this.#sessions.get(id)
        return stored === undefined ? undefined : openRecord(stored)
      },
      storeSession: async (id: string, record: SessionRecord) => {
        this.#sessions.set(id, record.serialize())
      },
      isTrustedIdentity: () => true,
      loadPreKey: async (id) => {
        const pair = this.#preKeys.get(Number(id))
        return pair === undefined ? undefined : toSignalPair(pair)
      },
      removePreKey: (id) => {
        this.#preKeys.delete(id)
      },
      loadSignedPreKey: () => toSignalPair(this.#ownSignedPreKey().keyPair),
      getOurRegistrationId: () => this.#own().registrationId,
      getOurIdentity: () => toSignalPair(this.#own().identity),
    }
  }
}

function toProtocolAddress(address: string): ProtocolAddress {
  const dot = address.lastIndexOf('.')
  return new ProtocolAddress(address.slice(0, dot), Number(address.slice(dot + 1)))
}

function toSession(bundle: KeyBundle): Parameters<SessionBuilder['initOutgoing']>[0] {
  const { preKey, signedPreKey } = bundle
  const session = {
    registrationId: bundle.registrationId,
    identityKey: typed(bundle.identity),
    signedPreKey: {
      keyId: signedPreKey.id,
      publicKey: typed(signedPreKey.value),
      signature: signedPreKey.signature,
    },
  }
  // The type demands a one-time key; the code takes a bundle without one.
  return (
    preKey === undefined
      ? session
      : { ...session, preKey: { keyId: preKey.id, publicKey: typed(preKey.value) } }
  ) as Parameters<SessionBuilder['initOutgoing']>[0]
}

function toSignalPair(pair: KeyPair): { privKey: Buffer; pubKey: Buffer } {
  return { privKey: Buffer.from(pair.private), pubKey: typed(pair.public) }
}

/** A public key with Signal's type byte in front. */
function typed(key: Uint8Array): Buffer {
  return Buffer.from(generateSignalPubKey(Buffer.from(key)))
}
