/** Chance that nobody may guess: nonces, ids, keys. In production node:crypto, in the lab a seeded stream. */

export interface SecureRandom {
  bytes(sizeBytes: number): Uint8Array
  /** A version 4 UUID. */
  uuid(): string
}
