/**
 * Seeded chance. One seed determines a run; each user of chance draws from a stream of its own name, so a
 * new user leaves all other draws as they were. sfc32 (public domain, Chris Doty-Humphrey's PractRand
 * family), seeded by FNV-1a of "seed/name": quick, and good enough for simulation; never for secrets.
 */

import type { Random, RandomSource } from '../../src/ports/random.ts'
import type { SecureRandom } from '../../src/ports/secure-random.ts'

/** A stream of uniform numbers with the draws that simulations need. */
export class PrngStream implements Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seedText: string) {
    this.#a = fnv1a(`a:${seedText}`)
    this.#b = fnv1a(`b:${seedText}`)
    this.#c = fnv1a(`c:${seedText}`)
    for (let round = 0; round < 12; round += 1) this.nextUint32()
  }

  nextUint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }

  next(): number {
    return this.nextUint32() / 0x1_0000_0000
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + this.next() * (high - low)
  }

  /** A whole number, uniform in [low, high]. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }
}

/** Named streams under one seed. */
export class PrngStreams implements RandomSource {
  readonly #seedText: string
  readonly #streams = new Map<string, PrngStream>()

  constructor(seedText: string) {
    this.#seedText = seedText
  }

  stream(name: string): PrngStream {
    const known = this.#streams.get(name)
    if (known !== undefined) return known
    const created = new PrngStream(`${this.#seedText}/${name}`)
    this.#streams.set(name, created)
    return created
  }
}

/** The lab's stand-in for node:crypto's randomness: reproducible, hence not secure. */
export class SeededSecureRandom implements SecureRandom {
  readonly #stream: PrngStream

  constructor(stream: PrngStream) {
    this.#stream = stream
  }

  bytes(sizeBytes: number): Uint8Array {
    const bytes = new Uint8Array(sizeBytes)
    for (let index = 0; index < sizeBytes; index += 1) bytes[index] = this.#stream.nextUint32() & 0xff
    return bytes
  }

  uuid(): string {
    const words = [0, 1, 2, 3].map(() => this.#stream.nextUint32().toString(16).padStart(8, '0')).join('')
    const variant = '89ab'[this.#stream.nextUint32() & 3]
    return `${words.slice(0, 8)}-${words.slice(8, 12)}-4${words.slice(13, 16)}-${variant}${words.slice(17, 20)}-${words.slice(20)}`
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash | 0
}
