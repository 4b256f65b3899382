/**
 * Chance for jitter and choices; not for secrets (secure-random.ts). Each user takes a stream of its
 * own name, so that in the lab a new user of chance leaves the draws of all others as they were.
 */

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
}

export interface RandomSource {
  /** The stream of this name; the same name gives the same, continuing stream. */
  stream(name: string): Random
}
