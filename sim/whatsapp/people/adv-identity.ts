/**
 * The certificate by which an account's phone vouches for a linked device: signed with the account's key,
 * countersigned by the device, and at pairing sealed with the secret that only scanner and scanned share.
 */

import { createHmac } from 'node:crypto'
import { Curve, proto } from '@whiskeysockets/baileys'
import type { KeyPair } from '@whiskeysockets/baileys'

const ACCOUNT_SIGNATURE_PREFIX = Buffer.from([6, 0])
const DEVICE_SIGNATURE_PREFIX = Buffer.from([6, 1])

export interface DeviceToVouchFor {
  /** The device's public identity key, 32 bytes. */
  readonly identity: Uint8Array
  readonly keyIndex: number
}

/** What the phone signs: complete but for the device's own signature. */
export function vouchFor(accountKey: KeyPair, device: DeviceToVouchFor): proto.IADVSignedDeviceIdentity {
  const details = proto.ADVDeviceIdentity.encode({
    rawId: device.keyIndex,
    timestamp: Math.floor(Date.now() / 1000),
    keyIndex: device.keyIndex,
  }).finish()
  const signed = Buffer.concat([ACCOUNT_SIGNATURE_PREFIX, details, device.identity])
  return {
    details,
    accountSignatureKey: accountKey.public,
    accountSignature: Curve.sign(accountKey.private, signed),
  }
}

/** The signed identity as `pair-success` carries it, under the pairing's shared secret. */
export function sealForPairing(identity: proto.IADVSignedDeviceIdentity, advSecret: Uint8Array): Uint8Array {
  const details = proto.ADVSignedDeviceIdentity.encode(identity).finish()
  const hmac = createHmac('sha256', advSecret).update(details).digest()
  return proto.ADVSignedDeviceIdentityHMAC.encode({ details, hmac }).finish()
}

/** The device's own signature below the phone's, as a client makes it when it is paired. */
export function countersign(
  identity: proto.IADVSignedDeviceIdentity,
  deviceIdentity: KeyPair,
): proto.IADVSignedDeviceIdentity {
  const signed = deviceSigned(identity, deviceIdentity.public)
  return { ...identity, deviceSignature: Curve.sign(deviceIdentity.private, signed) }
}

/** Whether the client has countersigned what the phone signed for it. */
export function isCountersigned(
  identity: proto.IADVSignedDeviceIdentity,
  accountPublicKey: Uint8Array,
  devicePublicKey: Uint8Array,
): boolean {
  const signature = identity.deviceSignature
  if (signature === undefined || signature === null || signature.length !== 64) return false
  const complete = { ...identity, accountSignatureKey: accountPublicKey }
  return Curve.verify(devicePublicKey, deviceSigned(complete, devicePublicKey), signature)
}

function deviceSigned(identity: proto.IADVSignedDeviceIdentity, devicePublicKey: Uint8Array): Buffer {
  return Buffer.concat([
    DEVICE_SIGNATURE_PREFIX,
    identity.details ?? Buffer.alloc(0),
    devicePublicKey,
    identity.accountSignatureKey ?? Buffer.alloc(0),
  ])
}
