/**
 * Whether credentials of Baileys belong to a paired device; without Baileys, so that small tools can ask. Surprising:
 * `me` alone does not mean paired. Asking for a pairing code sets it at once, and a socket that dies before the
 * pairing ends would make the next connection a login of a device that does not exist; only the signed `account`
 * comes with the pairing itself.
 */

import type { Credentials } from '../ports/whatsapp-socket.ts'

export function isPaired(creds: Credentials): boolean {
  return isObject(creds['me']) && isObject(creds['account'])
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
