/**
 * Ties what inbox or outbox hold in memory to the lease epoch under which they came to hold it. When another
 * epoch begins, somebody else may have gone on with the journal meanwhile, so memory is dropped and read anew.
 * An epoch that the store refused stays refused, even while the lease's keeper has not noticed yet.
 */

import { AppError } from '../errors.ts'

export interface EpochGuardDeps {
  epoch(): number | undefined
  /** Drop what belongs to the epoch before. */
  onChange(): void
}

export class EpochGuard {
  readonly #deps: EpochGuardDeps
  #held: number | undefined
  #refused: number | undefined

  constructor(deps: EpochGuardDeps) {
    this.#deps = deps
  }

  /** The epoch to act under, or undefined without a lease. Memory of an earlier epoch is dropped first. */
  current(): number | undefined {
    const epoch = this.#deps.epoch()
    if (epoch === undefined || epoch === this.#refused) return undefined
    if (epoch !== this.#held) {
      this.#held = epoch
      this.#deps.onChange()
    }
    return epoch
  }

  /** @throws AppError `lease-lost` */
  require(): number {
    const epoch = this.current()
    if (epoch === undefined) throw new AppError('lease-lost', 'this process does not own the session')
    return epoch
  }

  /** The store called this epoch stale. */
  refuse(epoch: number): void {
    if (epoch !== this.#held) return
    this.#refused = epoch
    this.#held = undefined
    this.#deps.onChange()
  }
}
