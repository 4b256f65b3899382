/**
 * The certificate chain that a client checks in the handshake, and the fake's own root. The root's key is
 * fixed, so that a server and a client in different processes agree. A client trusts it only after
 * `trustFakeWhatsApp`, which changes a constant of that process's Baileys: never call it in a bot that talks
 * to the real WhatsApp.
 */

import { Curve, proto } from '@whiskeysockets/baileys'
import { fakeRootKey, fixedPrivateKey, publicKeyOf } from './fixed-keys.ts'
import type { NoiseKeys } from './noise.ts'

const NOT_AFTER_S = 4_102_444_800 // the year 2100
const INTERMEDIATE_SERIAL = 1

export interface CertificateFlaws {
  /** Real clients accept only their root's serial, 0. */
  readonly issuerSerial?: number
  /** Signs the intermediate with a key that nobody trusts. */
  readonly isUntrusted?: boolean
}

/** A Baileys module, version 6 or 7: `import * as baileys from '@whiskeysockets/baileys'`. */
export interface BaileysModule {
  readonly WA_CERT_DETAILS: { PUBLIC_KEY: Uint8Array }
}

/**
 * Makes the given Baileys accept fake servers, for the life of the process.
 * @returns a function that restores what was trusted before
 */
export function trustFakeWhatsApp(baileys: BaileysModule): () => void {
  const before = baileys.WA_CERT_DETAILS.PUBLIC_KEY
  baileys.WA_CERT_DETAILS.PUBLIC_KEY = fakeRootKey()
  return () => {
    baileys.WA_CERT_DETAILS.PUBLIC_KEY = before
  }
}

/** The encoded chain for a server's static key: root signs intermediate, intermediate signs leaf. */
export function makeCertificate(staticPublicKey: Uint8Array, flaws: CertificateFlaws = {}): Uint8Array {
  const intermediate = Curve.generateKeyPair()
  const intermediateDetails = encodeDetails({
    serial: INTERMEDIATE_SERIAL,
    issuerSerial: flaws.issuerSerial ?? 0,
    key: intermediate.public,
  })
  const leafDetails = encodeDetails({ serial: 2, issuerSerial: INTERMEDIATE_SERIAL, key: staticPublicKey })
  const rootKey = flaws.isUntrusted === true ? Curve.generateKeyPair().private : fixedPrivateKey('root')
  return proto.CertChain.encode({
    intermediate: { details: intermediateDetails, signature: Curve.sign(rootKey, intermediateDetails) },
    leaf: { details: leafDetails, signature: Curve.sign(intermediate.private, leafDetails) },
  }).finish()
}

/**
 * The key pair and certificate of every fake server. Fixed like the root, and made once in a process, because
 * signing in JavaScript takes milliseconds and tests start servers by the hundred.
 */
export function fixedNoiseKeys(): NoiseKeys {
  noiseKeys ??= makeNoiseKeys()
  return noiseKeys
}

let noiseKeys: NoiseKeys | undefined

function makeNoiseKeys(): NoiseKeys {
  const staticKey = { private: fixedPrivateKey('server'), public: publicKeyOf(fixedPrivateKey('server')) }
  return { staticKey, certificate: makeCertificate(staticKey.public) }
}

function encodeDetails(details: { serial: number; issuerSerial: number; key: Uint8Array }): Uint8Array {
  return proto.CertChain.NoiseCertificate.Details.encode({
    ...details,
    notBefore: 0,
    notAfter: NOT_AFTER_S,
  }).finish()
}
