/**
 * Decides what a finished handshake becomes: a login as a linked device, a registration, or a refusal with the
 * number that clients report as the cause. Pure; the connection performs it.
 */

import type { proto } from '@whiskeysockets/baileys'
import { LinkedDevice } from '../directory/linked-device.ts'
import type { Directory } from '../directory/directory.ts'

export type LoginDecision =
  | { readonly kind: 'register' }
  | { readonly kind: 'login'; readonly device: LinkedDevice }
  | { readonly kind: 'refuse'; readonly reason: number }

/** Not linked, or no longer. */
const LOGGED_OUT = 401
const VERSION_TOO_OLD = 405

export interface LoginRules {
  readonly directory: Directory
  /** Clients that call themselves older are refused; none when undefined. */
  readonly minVersion: readonly number[] | undefined
}

export function decideLogin(payload: proto.IClientPayload, rules: LoginRules): LoginDecision {
  const { minVersion } = rules
  if (minVersion !== undefined && isOlder(versionOf(payload), minVersion)) {
    return { kind: 'refuse', reason: VERSION_TOO_OLD }
  }
  if (payload.devicePairingData !== undefined && payload.devicePairingData !== null)
    return { kind: 'register' }
  // A client that asked for a pairing code and died before the end logs in as device 0: the phone is not its.
  const jid = `${String(payload.username)}:${payload.device ?? 0}@s.whatsapp.net`
  const device = rules.directory.device(jid)
  if (device instanceof LinkedDevice && !device.isRemoved) return { kind: 'login', device }
  return { kind: 'refuse', reason: LOGGED_OUT }
}

export function versionOf(payload: proto.IClientPayload): number[] {
  const version = payload.userAgent?.appVersion
  return [version?.primary ?? 0, version?.secondary ?? 0, version?.tertiary ?? 0]
}

function isOlder(version: readonly number[], minimum: readonly number[]): boolean {
  for (const [index, least] of minimum.entries()) {
    const part = version[index] ?? 0
    if (part !== least) return part < least
  }
  return false
}
