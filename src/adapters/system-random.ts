/** Chance from V8. All streams share one generator: only the lab needs them apart. */

import type { Random, RandomSource } from '../ports/random.ts'

export class SystemRandom implements RandomSource {
  readonly #random: Random = { next: () => Math.random() }

  stream(_name: string): Random {
    return this.#random
  }
}
