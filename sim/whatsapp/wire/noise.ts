/**
 * The server's half of Noise_XX_25519_AESGCM_SHA256 as WhatsApp Web speaks it: client hello, server hello with
 * a certificate in its payload, client finish with the login in its payload, then two transport keys.
 * Messages go in and come out as bytes; who may log in is decided elsewhere.
 */

import { createHash, hkdfSync } from 'node:crypto'
import { Curve, proto } from '@whiskeysockets/baileys'
import type { KeyPair } from '@whiskeysockets/baileys'
import { seal, unseal } from './aead.ts'

/** Padded to 32 bytes, so it is the first hash and the first chaining key as it stands. */
const PROTOCOL_NAME = Buffer.from('Noise_XX_25519_AESGCM_SHA256\0\0\0\0')
const NOTHING = Buffer.alloc(0)

export interface NoiseKeys {
  readonly staticKey: KeyPair
  /** The encoded certificate chain for the static key. */
  readonly certificate: Uint8Array
}

/** What the client showed of itself when the handshake ended. */
export interface NoiseClient {
  readonly staticKey: Buffer
  readonly payload: proto.IClientPayload
}

export class NoiseHandshake {
  readonly #keys: NoiseKeys
  readonly #ephemeral: KeyPair = Curve.generateKeyPair()
  #hash: Buffer = PROTOCOL_NAME
  #chainingKey: Buffer = PROTOCOL_NAME
  #cipherKey: Buffer = PROTOCOL_NAME
  #counter = 0

  /** @param introHeader the four bytes with which the client began */
  constructor(keys: NoiseKeys, introHeader: Uint8Array) {
    this.#keys = keys
    this.#mixHash(introHeader)
  }

  /** Reads the client hello; gives the server hello to be framed and sent. */
  answerHello(message: Uint8Array): Buffer {
    const hello = proto.HandshakeMessage.decode(message).clientHello
    const clientEphemeral = Buffer.from(hello?.ephemeral ?? NOTHING)
    this.#mixHash(clientEphemeral)
    this.#mixHash(this.#ephemeral.public)
    this.#mixKey(Curve.sharedKey(this.#ephemeral.private, clientEphemeral))
    const sealedStatic = this.#seal(this.#keys.staticKey.public)
    this.#mixKey(Curve.sharedKey(this.#keys.staticKey.private, clientEphemeral))
    const payload = this.#seal(this.#keys.certificate)
    const serverHello = { ephemeral: this.#ephemeral.public, static: sealedStatic, payload }
    return Buffer.from(proto.HandshakeMessage.encode({ serverHello }).finish())
  }

  /** Reads the client finish. @throws Error when it was sealed for another server */
  readFinish(message: Uint8Array): NoiseClient {
    const finish = proto.HandshakeMessage.decode(message).clientFinish
    const staticKey = this.#unseal(Buffer.from(finish?.static ?? NOTHING))
    this.#mixKey(Curve.sharedKey(this.#ephemeral.private, staticKey))
    const payload = this.#unseal(Buffer.from(finish?.payload ?? NOTHING))
    return { staticKey, payload: proto.ClientPayload.decode(payload) }
  }

  /** The transport that follows a finished handshake. */
  toTransport(): NoiseTransport {
    const keys = Buffer.from(hkdfSync('sha256', NOTHING, this.#chainingKey, NOTHING, 64))
    return new NoiseTransport({ readKey: keys.subarray(0, 32), writeKey: keys.subarray(32) })
  }

  #mixHash(data: Uint8Array): void {
    this.#hash = createHash('sha256').update(this.#hash).update(data).digest()
  }

  #mixKey(secret: Uint8Array): void {
    const keys = Buffer.from(hkdfSync('sha256', secret, this.#chainingKey, NOTHING, 64))
    this.#chainingKey = keys.subarray(0, 32)
    this.#cipherKey = keys.subarray(32)
    this.#counter = 0
  }

  #seal(plain: Uint8Array): Buffer {
    const sealed = seal(this.#cipherKey, this.#counter++, plain, this.#hash)
    this.#mixHash(sealed)
    return sealed
  }

  #unseal(sealed: Uint8Array): Buffer {
    const plain = unseal(this.#cipherKey, this.#counter++, sealed, this.#hash)
    this.#mixHash(sealed)
    return plain
  }
}

export class NoiseTransport {
  readonly #readKey: Buffer
  readonly #writeKey: Buffer
  #reads = 0
  #writes = 0

  constructor(keys: { readonly readKey: Buffer; readonly writeKey: Buffer }) {
    this.#readKey = keys.readKey
    this.#writeKey = keys.writeKey
  }

  seal(plain: Uint8Array): Buffer {
    return seal(this.#writeKey, this.#writes++, plain)
  }

  unseal(sealed: Uint8Array): Buffer {
    return unseal(this.#readKey, this.#reads++, sealed)
  }
}
