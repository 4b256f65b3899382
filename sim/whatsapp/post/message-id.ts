/** Ids as phones make them: `3A` and eighteen hexadecimal digits. */

import { randomBytes } from 'node:crypto'

export function newMessageId(): string {
  return `3A${randomBytes(9).toString('hex').toUpperCase()}`
}
