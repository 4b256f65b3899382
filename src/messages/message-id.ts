/** The bot's own message ids, fixed before the first send. */

import { Buffer } from 'node:buffer'
import type { SecureRandom } from '../ports/secure-random.ts'

/** WhatsApp's message ids are upper-case hex; `3EB0` marks those of companion devices, as Baileys makes them. */
export function newMessageId(secureRandom: SecureRandom): string {
  return `3EB0${Buffer.from(secureRandom.bytes(9)).toString('hex').toUpperCase()}`
}
