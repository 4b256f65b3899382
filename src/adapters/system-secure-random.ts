/** Chance that nobody may guess, from the system's generator. */

import { randomBytes, randomUUID } from 'node:crypto'
import type { SecureRandom } from '../ports/secure-random.ts'

export class SystemSecureRandom implements SecureRandom {
  bytes(sizeBytes: number): Uint8Array {
    return new Uint8Array(randomBytes(sizeBytes))
  }

  uuid(): string {
    return randomUUID()
  }
}
