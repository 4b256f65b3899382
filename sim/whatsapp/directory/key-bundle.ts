/**
 * What a device publishes so that others can start a Signal session with it, and the two stanza shapes in
 * which it travels: uploaded by its owner, handed out to a peer. Public keys are 32 bytes, without Signal's
 * leading type byte.
 */

import { bigEndian, bytesOf, childOf, childrenOf, stanza, uintOf } from '../wire/stanza.ts'
import type { Stanza } from '../wire/stanza.ts'

const BUNDLE_TYPE = Buffer.from([5])

export interface PublicPreKey {
  readonly id: number
  readonly value: Buffer
}

export interface SignedPublicPreKey extends PublicPreKey {
  readonly signature: Buffer
}

export interface KeyBundle {
  readonly registrationId: number
  readonly identity: Buffer
  readonly signedPreKey: SignedPublicPreKey
  /** Good for one session; absent when the owner has run out of them. */
  readonly preKey?: PublicPreKey
}

/** What a client uploads: one bundle and any number of one-time keys for it. */
export interface UploadedKeys {
  readonly bundle: KeyBundle
  readonly preKeys: readonly PublicPreKey[]
}

export function readUpload(iq: Stanza): UploadedKeys {
  const preKeys = childrenOf(childOf(iq, 'list'), 'key').map(readPreKey)
  return { bundle: readBundle(iq, iq), preKeys }
}

/** The keys that a client adds to a retry receipt; undefined when it added none. */
export function readRetryBundle(receipt: Stanza): KeyBundle | undefined {
  const keys = childOf(receipt, 'keys')
  if (keys === undefined) return undefined
  const preKey = childOf(keys, 'key')
  const bundle = readBundle(receipt, keys)
  return preKey === undefined ? bundle : { ...bundle, preKey: readPreKey(preKey) }
}

export function writeBundle(jid: string, bundle: KeyBundle): Stanza {
  return stanza('user', { jid }, [
    stanza('registration', {}, bigEndian(bundle.registrationId, 4)),
    ...writeKeys(bundle),
  ])
}

/** The keys alone, as they stand in a bundle and in a retry receipt. */
export function writeKeys(bundle: KeyBundle): Stanza[] {
  const { identity, signedPreKey, preKey } = bundle
  return [
    stanza('type', {}, BUNDLE_TYPE),
    stanza('identity', {}, identity),
    ...(preKey === undefined ? [] : [stanza('key', {}, writePreKey(preKey))]),
    stanza('skey', {}, [...writePreKey(signedPreKey), stanza('signature', {}, signedPreKey.signature)]),
  ]
}

function readBundle(registrationParent: Stanza, keys: Stanza): KeyBundle {
  const signed = childOf(keys, 'skey')
  return {
    registrationId: uintOf(childOf(registrationParent, 'registration')),
    identity: bytesOf(childOf(keys, 'identity')),
    signedPreKey: readSignedPreKey(signed),
  }
}

export function readSignedPreKey(signed: Stanza | undefined): SignedPublicPreKey {
  return {
    id: uintOf(childOf(signed, 'id')),
    value: bytesOf(childOf(signed, 'value')),
    signature: bytesOf(childOf(signed, 'signature')),
  }
}

function readPreKey(key: Stanza): PublicPreKey {
  return { id: uintOf(childOf(key, 'id')), value: bytesOf(childOf(key, 'value')) }
}

function writePreKey(key: PublicPreKey): Stanza[] {
  return [stanza('id', {}, bigEndian(key.id, 3)), stanza('value', {}, key.value)]
}
